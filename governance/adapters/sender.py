"""An account that pays gas: one act, one effect, whatever is interrupted.

Procedure of `send`:
1. The node must serve the right chain.
2. Transactions already signed for this act are looked up by hash. A mined one is the answer; one that can still be mined
   is broadcast again, byte for byte; one whose nonce another transaction took is dead.
3. Else the call is dry-run on the newest block, gas and fees are set under the cap, and the nonce is taken from the node,
   its pool included, never from a stored counter.
4. The signed bytes are kept, then broadcast. The node's complaint decides nothing; the hash does.
5. The receipt is awaited. A reverted transaction is an error; a successful one is still no proof of the effect, which
   whoever asked must look for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from governance.adapters.reverts import explain
from governance.core.call import Call
from governance.core.errors import Finding, Refused, Unreachable
from governance.core.facts import Head, Receipt
from governance.core.journal import Intent
from governance.core.units import Address, to_hex
from governance.ports import Answer

if TYPE_CHECKING:
    from governance.adapters.chain import Fees, NodeChain
    from governance.adapters.keys import KeystoreSigner

GAS_MARGIN = (5, 4)
"""Gas limit over the estimate: inner calls get 63/64 of what is left (EIP-150), and state may move a little."""
RECEIPT_TIMEOUT = 120.0
"""Seconds to wait for a receipt before saying that the fate is unknown."""
POLL = (0.05, 1.0)
"""Seconds between looks: the first, and the longest."""


class Intents(Protocol):
    """Where signed transactions are kept."""

    def record_intent(self, intent: Intent) -> None:
        """Keep one; on disk when this returns."""
        ...

    def intents(self, purpose: str) -> list[Intent]:
        """Those of one act."""
        ...


class JournalledSender:
    """See `governance.ports.Sender`."""

    def __init__(
        self,
        *,
        chain: "NodeChain",
        signer: "KeystoreSigner",
        journal: Intents,
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
        alive = None
        for intent in self._journal.intents(purpose):
            receipt = self._chain.receipt(intent.tx_hash)
            if receipt is not None and receipt.status == 1:
                return receipt
            if receipt is None and intent.sender == self.address and self._can_be_mined(intent):
                alive = intent
        intent = alive or self._sign(call, purpose, head)
        complaint = self._chain.broadcast(intent.raw)
        return self._await(intent, complaint)

    def _can_be_mined(self, intent: Intent) -> bool:
        return intent.nonce >= self._chain.nonce(self.address)

    def _sign(self, call: Call, purpose: str, head: Head) -> Intent:
        require_dry_run(self._chain.dry_run(call, sender=self.address, at=head), call)
        gas = self._chain.estimate(call, self.address) * GAS_MARGIN[0] // GAS_MARGIN[1]
        nonce = self._next_nonce()
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

    def _next_nonce(self) -> int:
        """What the node counts, its pool included: a transaction that no node knows any more gives its nonce back."""
        return max(self._chain.nonce(self.address), self._chain.nonce(self.address, pending=True))

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
        deadline, pause = self._clock() + RECEIPT_TIMEOUT, POLL[0]
        while True:
            receipt = self._chain.receipt(intent.tx_hash)
            if receipt is not None:
                return _succeeded(receipt, intent)
            if self._clock() >= deadline:
                said = f"; the node said: {complaint}" if complaint else ""
                raise Unreachable(
                    f"no receipt for {to_hex(intent.tx_hash)} after {RECEIPT_TIMEOUT:.0f} s{said}",
                    hint="the same command looks it up and sends the same bytes again: it cannot act twice",
                )
            self._sleep(pause)
            pause = min(pause * 1.5, POLL[1])


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

    def __init__(self, chain: "NodeChain", address: Address) -> None:
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
