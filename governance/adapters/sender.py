"""An account that pays gas: one act, one effect, whatever is interrupted.

Procedure of `send`:
1. The newest block is looked at, of the right chain. The call is dry-run on it, whenever something is about to be sent.
2. Transactions already signed for this act are looked up by hash, all of them: any replacement may be the one that is
   mined. A mined one is the answer; one that can still be mined is broadcast again, byte for byte, or after some blocks
   replaced at its nonce for a higher fee. One whose nonce is used is dead, and so is one behind a gap of nonces: it was
   signed on a chain that is gone (a reorganisation, a devnet made anew) or behind a transaction that no node knows.
3. Else gas and fees are set under the cap, and the nonce is taken from the node, its pool included, never from a stored
   counter.
4. The signed bytes are kept, then broadcast. What is kept is read back first, and must be just this call. The node's
   complaint decides nothing, nor does its silence; the hash does.
5. The receipt is awaited. A reverted transaction is an error; a successful one is still no proof of the effect, which
   whoever asked must look for.

Two transactions of one act may be alive at once only when a chain gave nonces back. Every act of ours reverts when it is
done already, so the second costs gas and has no effect. What an earlier act left in the pool, and nobody wants any more,
gives way to an empty payment to oneself: nobody's old bytes are sent again for a higher fee without their act being judged.
"""

from collections.abc import Callable, Sequence
from copy import copy
from typing import TYPE_CHECKING

from governance.adapters.fees import Offer, first_offer, replacing
from governance.adapters.rawtransaction import read, require_same_act
from governance.adapters.reverts import explain
from governance.core.call import Call
from governance.core.errors import Finding, InFlight, Refused, Unreachable
from governance.core.facts import Head, Receipt
from governance.core.journal import Intent
from governance.core.units import Address, Moment, to_hex
from governance.ports import Answer, Journal

if TYPE_CHECKING:
    from governance.adapters.chain import NodeChain
    from governance.adapters.endpoints import AgreedChain
    from governance.adapters.keys import KeystoreSigner

GAS_MARGIN = (5, 4)
"""Gas limit over the estimate: inner calls get 63/64 of what is left (EIP-150), and state may move a little."""
RECEIPT_TIMEOUT = 120.0
"""Seconds to wait for a receipt before saying that the fate is unknown."""
POLL = (0.05, 1.0)
"""Seconds between looks: the first, and the longest."""
STUCK = 3
"""Blocks after which what is not mined is replaced for a higher fee."""
REPLACEMENTS = 10
"""How often one nonce is replaced: an eighth more each time is more than three times the fee."""


class JournalledSender:
    """See `governance.ports.Sender`."""

    def __init__(
        self,
        *,
        chain: "NodeChain | AgreedChain",
        signer: "KeystoreSigner",
        journal: Journal,
        network: str,
        max_fee_per_gas: int,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        patience: float = RECEIPT_TIMEOUT,
    ) -> None:
        self._chain = chain
        self._signer = signer
        self._journal = journal
        self._network = network
        self._max_fee = max_fee_per_gas
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._moment: Moment | None = None

    def at(self, moment: Moment) -> "JournalledSender":
        """See `governance.ports.Payer`."""
        other = copy(self)
        other._moment = moment
        return other

    @property
    def address(self) -> Address:
        """The paying account."""
        return self._signer.address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Send `call` once for `purpose` and wait for its receipt."""
        head = self._chain.head()
        mined, known = self._nonces()
        # Nonces first: whatever was mined before them has its receipt now.
        kept = [intent for intent in self._journal.intents(purpose) if self._is_ours(intent, head)]
        unmined = []
        for intent in kept:
            receipt = self._chain.receipt(intent.tx_hash)
            if receipt is None:
                unmined.append(intent)
            elif receipt.status == 1:
                return receipt
        moment = _later(self._moment, head)
        require_dry_run(self._chain.dry_run(call, sender=self.address, at=head, moment=moment), call)
        alive = [intent for intent in unmined if mined <= intent.nonce <= known]
        if alive:
            alive = [intent for intent in alive if intent.nonce == alive[0].nonce]
            self._make_way(alive[0].nonce, mined, head, alive[-1].block)
            alive = self._pursue(alive, call, head)
        else:
            alive = [self._sign(call, purpose, head, known, first_offer(self._chain.fees(), self._max_fee))]
        require_same_act(alive[-1], call)
        return self._await(alive, self._broadcast(alive[-1]))

    def _is_ours(self, intent: Intent, head: Head) -> bool:
        return intent.sender == self.address and intent.chain_id == head.chain_id

    def _broadcast(self, intent: Intent) -> str:
        try:
            return self._chain.broadcast(intent.raw)
        except Unreachable as error:  # it may have arrived all the same
            return error.message

    def _nonces(self) -> tuple[int, int]:
        """How many transactions of the account are mined, and how many the node knows, its pool included."""
        mined = self._chain.nonce(self.address)
        return mined, max(mined, self._chain.nonce(self.address, pending=True))

    def _pursue(self, alive: Sequence[Intent], call: Call, head: Head) -> list[Intent]:
        """The same transactions, and one more when the newest of them is stuck."""
        newest = alive[-1]
        before = require_same_act(newest, call).offer
        if head.number - newest.block < STUCK or len(alive) > REPLACEMENTS:
            return list(alive)
        offer = replacing(before, self._chain.fees(), self._max_fee)
        if offer is None:  # the cap leaves no room: what is there may still be mined
            return list(alive)
        return [*alive, self._sign(call, newest.purpose, head, newest.nonce, offer)]

    def _make_way(self, nonce: int, mined: int, head: Head, since: int) -> None:
        """Replace the oldest transaction in the pool, which ours waits behind, by one that does nothing."""
        if nonce == mined or head.number - since < STUCK:
            return
        before = self._journal.intents_at(head.chain_id, self.address, mined)
        if not before or len(before) > REPLACEMENTS or head.number - before[-1].block < STUCK:
            return  # somebody else's, or a recent one: it may still be mined
        offer = replacing(read(before[-1].raw).offer, self._chain.fees(), self._max_fee)
        if offer is not None:
            nothing = Call(to=self.address, data=b"", summary="an empty payment to oneself")
            purpose = f"free nonce {mined} of {self.address} {self._network}"
            self._broadcast(self._sign(nothing, purpose, head, mined, offer))

    def _sign(self, call: Call, purpose: str, head: Head, nonce: int, offer: Offer) -> Intent:
        estimated = self._chain.estimate(call, self.address, _later(self._moment, head))
        gas = estimated * GAS_MARGIN[0] // GAS_MARGIN[1]
        fields = {
            "chainId": head.chain_id,
            "nonce": nonce,
            "to": call.to,
            "value": call.value,
            "data": call.data,
            "gas": gas,
            **offer.fields,
        }
        raw, tx_hash = self._signer.sign_transaction(fields)
        intent = Intent(
            purpose=purpose,
            network=self._network,
            chain_id=head.chain_id,
            sender=self.address,
            nonce=nonce,
            raw=raw,
            tx_hash=tx_hash,
            block=head.number,
        )
        self._journal.record_intent(intent)
        return intent

    def _await(self, alive: Sequence[Intent], complaint: str) -> Receipt:
        """The receipt of whichever is mined."""
        deadline, pause, lost, newest = self._clock() + self._patience, POLL[0], "", alive[-1]
        try:
            while True:
                for intent in reversed(alive):
                    receipt = self._chain.receipt(intent.tx_hash)
                    if receipt is not None:
                        return _succeeded(receipt, intent)
                before, lost = lost, self._lost(newest, complaint)
                if lost and lost == before:  # not at once: the receipt may have come after the first look
                    break
                if self._clock() >= deadline:
                    break
                self._sleep(pause)
                pause = min(pause * 1.5, POLL[1])
            reason = lost or f"waited {self._patience:.0f} s"
        except Unreachable as error:
            raise _unknown(newest, error.message) from error
        raise _unknown(newest, reason)

    def _lost(self, intent: Intent, complaint: str) -> str:
        """Why no receipt will come, empty while one may."""
        mined, known = self._nonces()
        if mined > intent.nonce:
            return f"nonce {intent.nonce} of {self.address} was used by another transaction"
        return f"the node did not take it: {complaint}" if complaint and known <= intent.nonce else ""


def _unknown(intent: Intent, reason: str) -> InFlight:
    return InFlight(
        f"{to_hex(intent.tx_hash)} has no receipt: {reason}",
        hint="the same command looks it up, and sends the same bytes again while they can be mined",
    )


def _succeeded(receipt: Receipt, intent: Intent) -> Receipt:
    if receipt.status != 1:
        raise Refused(
            f"{to_hex(receipt.tx_hash)} was mined in block {receipt.block} and reverted: {intent.purpose}",
            hint="something changed between the dry run and the block: look again with gov status",
        )
    return receipt


def _later(moment: Moment | None, head: Head) -> Moment | None:
    """None where the newest block's own time will do, which every node can answer for."""
    return None if moment is None or moment <= head.timestamp else moment


def require_dry_run(answer: Answer, call: Call) -> None:
    """Raise Refused when a dry run reverts."""
    if not answer.ok:
        finding = Finding(rule="dry-run", message=f"{call.summary} would revert: {explain(answer.data)}")
        raise Refused("the dry run on the newest block failed: nothing was sent", findings=(finding,))


class DrySender:
    """Goes as far as the dry run, and refuses to send: what every act does without `--broadcast`."""

    def __init__(self, chain: "NodeChain | AgreedChain", address: Address, moment: Moment | None = None) -> None:
        self._chain = chain
        self._address = address
        self._moment = moment

    def at(self, moment: Moment) -> "DrySender":
        """See `governance.ports.Payer`."""
        return DrySender(self._chain, self._address, moment)

    @property
    def address(self) -> Address:
        """The account that would pay."""
        return self._address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Dry-run, then refuse."""
        head = self._chain.head()
        answer = self._chain.dry_run(call, sender=self._address, at=head, moment=_later(self._moment, head))
        require_dry_run(answer, call)
        raise Refused(
            f"not sent: {purpose}; the dry run at block {head.number} succeeds", hint="add --broadcast to send it"
        )
