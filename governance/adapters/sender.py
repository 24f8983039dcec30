"""An account that pays gas: one act, one effect, whatever is interrupted.

Procedure of `send`:
1. The newest block is looked at, of the right chain. The call is dry-run on it, whenever something is about to be sent.
2. Transactions already signed for this act are looked up by hash. A mined one is the answer; one that can still be mined
   is broadcast again, byte for byte. One whose nonce is used is dead, and so is one behind a gap of nonces: it was
   signed on a chain that is gone (a reorganisation, a devnet made anew) or behind a transaction that no node knows.
3. Else gas and fees are set under the cap, and the nonce is taken from the node, its pool included, never from a stored
   counter.
4. The signed bytes are kept, then broadcast. The node's complaint decides nothing, nor does its silence; the hash does.
5. The receipt is awaited. A reverted transaction is an error; a successful one is still no proof of the effect, which
   whoever asked must look for.

Two transactions of one act may be alive at once only when a chain gave nonces back. Every act of ours reverts when it is
done already, so the second costs gas and has no effect.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from governance.adapters.reverts import explain
from governance.core.call import Call
from governance.core.errors import Finding, Refused, Unreachable
from governance.core.facts import Head, Receipt
from governance.core.journal import Intent
from governance.core.units import Address, to_hex
from governance.ports import Answer, Journal

if TYPE_CHECKING:
    from governance.adapters.chain import Fees, NodeChain
    from governance.adapters.endpoints import AgreedChain
    from governance.adapters.keys import KeystoreSigner

GAS_MARGIN = (5, 4)
"""Gas limit over the estimate: inner calls get 63/64 of what is left (EIP-150), and state may move a little."""
RECEIPT_TIMEOUT = 120.0
"""Seconds to wait for a receipt before saying that the fate is unknown."""
POLL = (0.05, 1.0)
"""Seconds between looks: the first, and the longest."""


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
    ) -> None:
        self._chain = chain
        self._signer = signer
        self._journal = journal
        self._network = network
        self._max_fee = max_fee_per_gas
        self._clock = clock
        self._sleep = sleep

    @property
    def address(self) -> Address:
        """The paying account."""
        return self._signer.address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Send `call` once for `purpose` and wait for its receipt."""
        head = self._chain.head()
        mined, known = self._nonces()
        alive = None
        # Nonces first: whatever was mined before them has its receipt now.
        for intent in self._journal.intents(purpose):
            receipt = self._chain.receipt(intent.tx_hash)
            if receipt is not None and receipt.status == 1:
                return receipt
            ours = intent.sender == self.address and intent.chain_id == head.chain_id
            if receipt is None and ours and mined <= intent.nonce <= known and alive is None:
                alive = intent
        require_dry_run(self._chain.dry_run(call, sender=self.address, at=head), call)
        intent = alive or self._sign(call, purpose, head, known)
        try:
            complaint = self._chain.broadcast(intent.raw)
        except Unreachable as error:  # it may have arrived all the same
            complaint = error.message
        return self._await(intent, complaint)

    def _nonces(self) -> tuple[int, int]:
        """How many transactions of the account are mined, and how many the node knows, its pool included."""
        mined = self._chain.nonce(self.address)
        return mined, max(mined, self._chain.nonce(self.address, pending=True))

    def _sign(self, call: Call, purpose: str, head: Head, nonce: int) -> Intent:
        gas = self._chain.estimate(call, self.address) * GAS_MARGIN[0] // GAS_MARGIN[1]
        fields: dict[str, Any] = {
            "chainId": head.chain_id,
            "nonce": nonce,
            "to": call.to,
            "value": call.value,
            "data": call.data,
            "gas": gas,
            **self._fee_fields(self._chain.fees()),
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
        )
        self._journal.record_intent(intent)
        return intent

    def _fee_fields(self, fees: "Fees") -> dict[str, int]:
        if fees.base is None:
            self._require_affordable(fees.tip)
            return {"gasPrice": fees.tip}
        self._require_affordable(fees.base + fees.tip)
        # Twice the base fee rides out six full blocks; the cap wins over that.
        return {"maxFeePerGas": min(2 * fees.base + fees.tip, self._max_fee), "maxPriorityFeePerGas": fees.tip}

    def _require_affordable(self, price: int) -> None:
        if price > self._max_fee:
            message = f"gas costs {price} wei, the cap is {self._max_fee}"
            finding = Finding(rule="fee-cap", message=message, hint="wait, or raise --max-fee-gwei")
            raise Refused("the fee is over the cap", findings=(finding,))

    def _await(self, intent: Intent, complaint: str) -> Receipt:
        deadline, pause, lost = self._clock() + RECEIPT_TIMEOUT, POLL[0], ""
        try:
            while self._clock() < deadline:
                receipt = self._chain.receipt(intent.tx_hash)
                if receipt is not None:
                    return _succeeded(receipt, intent)
                before, lost = lost, self._lost(intent, complaint)
                if lost and lost == before:  # not at once: the receipt may have come after the first look
                    break
                self._sleep(pause)
                pause = min(pause * 1.5, POLL[1])
            reason = lost or f"waited {RECEIPT_TIMEOUT:.0f} s"
        except Unreachable as error:
            raise _unknown(intent, error.message) from error
        raise _unknown(intent, reason)

    def _lost(self, intent: Intent, complaint: str) -> str:
        """Why no receipt will come, empty while one may."""
        mined, known = self._nonces()
        if mined > intent.nonce:
            return f"nonce {intent.nonce} of {self.address} was used by another transaction"
        return f"the node did not take it: {complaint}" if complaint and known <= intent.nonce else ""


def _unknown(intent: Intent, reason: str) -> Unreachable:
    return Unreachable(
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


def require_dry_run(answer: Answer, call: Call) -> None:
    """Raise Refused when a dry run reverts."""
    if not answer.ok:
        finding = Finding(rule="dry-run", message=f"{call.summary} would revert: {explain(answer.data)}")
        raise Refused("the dry run on the newest block failed: nothing was sent", findings=(finding,))


class DrySender:
    """Goes as far as the dry run, and refuses to send: what every act does without `--broadcast`."""

    def __init__(self, chain: "NodeChain | AgreedChain", address: Address) -> None:
        self._chain = chain
        self._address = address

    @property
    def address(self) -> Address:
        """The account that would pay."""
        return self._address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Dry-run, then refuse."""
        head = self._chain.head()
        require_dry_run(self._chain.dry_run(call, sender=self._address, at=head), call)
        raise Refused(
            f"not sent: {purpose}; the dry run at block {head.number} succeeds", hint="add --broadcast to send it"
        )
