"""A chain in memory that fills the ports of `governance.ports`, under the same names, as a node's adapters do.

Every block keeps the whole state, so that a read at an old head answers for that head, and a head that never was is
Unreachable. Contracts follow the rules of the real ones (`simulator_contracts`, `simulator_systems`); the same scenarios
run here and on anvil, and must agree. It never forgets a block: reorganisations are anvil's to play.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from governance.adapters.reverts import explain
from governance.adapters.timelock import NodeTimelock
from governance.core.call import Call
from governance.core.errors import Finding, Refused, Unreachable
from governance.core.facts import (
    Generation,
    Head,
    Log,
    OperationEvent,
    OperationFacts,
    Receipt,
    SafeFacts,
    SafeOutcome,
    TargetFacts,
    TimelockFacts,
)
from governance.core.keccak import keccak
from governance.core.network import Network
from governance.core.permission import Spent
from governance.core.safetx import SafeTx, execution
from governance.core.signable import Hashed
from governance.core.signature import Signature
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration, Moment, address_bytes, to_hex
from governance.ports import Answer
from tests import simulator_contracts as contracts
from tests import simulator_systems as systems
from tests.simulator_evm import Contract, Revert, World

Topics = Sequence[Sequence[Bytes32] | None]
GENESIS = Moment.parse("2026-11-23T00:00:00Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A head and everything as of it."""

    head: Head
    accounts: dict[Address, Contract]
    """Never changed: whoever runs something on it works on a copy."""
    logs: tuple[Log, ...]
    """Of this block alone."""


class Chain:
    """See `governance.ports.Chain`."""

    def __init__(self, chain_id: int) -> None:
        self.expected_id = self.chain_id = chain_id
        self.receipts: dict[Bytes32, Receipt] = {}
        self.blocks: list[Block] = []
        self._append({}, (), GENESIS.seconds)

    # ---- what people do to a chain ---------------------------------------------------------------------------------

    def place(self, *placed: Contract) -> None:
        """Put accounts there, as a genesis or a devnet's `setCode` can, and mine a block that has them."""
        self._append({**self.blocks[-1].accounts, **{each.address: each for each in placed}}, ())

    def warp(self, seconds: int) -> None:
        """Move the clock and mine."""
        self._append(self.blocks[-1].accounts, (), self.head().timestamp.seconds + seconds)

    def mine(self, call: Call, sender: Address) -> Receipt:
        """A block with one transaction, reverted or not."""
        if call.value:
            raise NotImplementedError("the simulator moves no ether")
        before = self.blocks[-1]
        number = before.head.number + 1
        tx_hash = Bytes32(keccak(before.head.hash + address_bytes(sender) + address_bytes(call.to) + call.data))
        world = World(
            accounts=deepcopy(before.accounts), number=number, now=before.head.timestamp.seconds + 1, tx_hash=tx_hash
        )
        ok, _ = world.attempt(sender, call.to, call.data)
        logs = tuple(world.logs)
        receipt = Receipt(tx_hash=tx_hash, status=int(ok), block=number, gas_used=21_000, logs=logs)
        self.receipts[tx_hash] = receipt
        self._append(world.accounts, logs)
        return receipt

    def _append(self, accounts: dict[Address, Contract], logs: tuple[Log, ...], at: int | None = None) -> None:
        number = len(self.blocks)
        now = self.blocks[-1].head.timestamp.seconds + 1 if at is None else at
        parent = self.blocks[-1].head.hash if self.blocks else ZERO_WORD
        digest = Bytes32(keccak(parent + number.to_bytes(8, "big") + now.to_bytes(8, "big")))
        head = Head(chain_id=self.chain_id, number=number, hash=digest, timestamp=Moment(now))
        self.blocks.append(Block(head=head, accounts=accounts, logs=logs))

    def at(self, head: Head) -> Block:
        """The block of a head."""
        if head.number < len(self.blocks) and self.blocks[head.number].head.hash == head.hash:
            return self.blocks[head.number]
        raise Unreachable(f"there is no block {to_hex(head.hash)}")

    def account(self, address: Address, head: Head) -> Contract:
        """A contract as of a head. Raises Refused when there is none."""
        found = self.at(head).accounts.get(address)
        if found is None:
            raise Refused(f"{address} has no code")
        return found

    # ---- the port --------------------------------------------------------------------------------------------------

    def head(self) -> Head:
        if self.chain_id != self.expected_id:
            message = f"the simulator serves chain {self.chain_id}, the policy says {self.expected_id}"
            raise Refused("the node is of another chain", findings=(Finding(rule="chain-id", message=message),))
        return self.blocks[-1].head

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        return [self.dry_run(call, sender=ZERO_ADDRESS, at=at) for call in calls]

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        accounts = self.at(at).accounts
        return [accounts[address].code if address in accounts else b"" for address in addresses]

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        raise NotImplementedError("simulated contracts have no slots")

    def logs(self, address: Address, topics: Topics, at: Head) -> list[Log]:
        self.at(at)
        logs = [log for block in self.blocks[: at.number + 1] for log in block.logs if log.address == address]
        return [log for log in logs if _matches(log, topics)]

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        found = {block.head.number: block.head.timestamp for block in self.blocks}
        return [found[number] for number in blocks]

    def dry_run(self, call: Call, *, sender: Address, at: Head) -> Answer:
        world = World(accounts=deepcopy(self.at(at).accounts), number=at.number, now=at.timestamp.seconds)
        try:
            return Answer(ok=True, data=world.call(sender, call.to, call.data))
        except Revert as revert:
            return Answer(ok=False, data=revert.data)

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        return self.receipts.get(tx_hash)


def _matches(log: Log, topics: Topics) -> bool:
    if len(log.topics) < len(topics):
        return False
    return all(wanted is None or topic in wanted for topic, wanted in zip(log.topics, topics, strict=False))


class Sender:
    """See `governance.ports.Sender`. `sent` is its journal: empty it, and it has forgotten what it sent."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address
        self.sent: dict[str, Receipt] = {}

    @property
    def address(self) -> Address:
        return self._address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        before = self.sent.get(purpose)
        if before is not None and before.status == 1:
            return before
        answer = self._chain.dry_run(call, sender=self._address, at=self._chain.head())
        if not answer.ok:
            finding = Finding(rule="dry-run", message=f"{call.summary} would revert: {explain(answer.data)}")
            raise Refused("the dry run on the newest block failed: nothing was sent", findings=(finding,))
        receipt = self.sent[purpose] = self._chain.mine(call, self._address)
        if receipt.status != 1:
            raise Refused(f"{to_hex(receipt.tx_hash)} was mined and reverted: {purpose}")
        return receipt


class Safe:
    """See `governance.ports.Safe`."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address

    def look(self, at: Head) -> SafeFacts:
        safe = self._safe(at)
        return SafeFacts(
            address=safe.address,
            version=safe.version,
            singleton=safe.singleton,
            singleton_code_hash=Bytes32(keccak(self._chain.codes([safe.singleton], at)[0])),
            proxy_code_hash=Bytes32(keccak(safe.code)),
            owners=tuple(safe.owners),
            threshold=safe.threshold,
            nonce=safe.nonce,
            modules=(),
            guard=ZERO_ADDRESS,
            fallback_handler=safe.fallback_handler,
        )

    def hash_of(self, tx: SafeTx, at: Head) -> Bytes32:
        fields = (
            *(tx.to, tx.value, tx.data, int(tx.operation), tx.safe_tx_gas, tx.base_gas, tx.gas_price),
            *(tx.gas_token, tx.refund_receiver),
        )
        safe = self._safe(at)
        return contracts.safe_tx_hash(safe.chain_id, safe.address, fields, tx.nonce)

    def approved(self, safe_tx_hash: Bytes32, owners: Sequence[Address], at: Head) -> frozenset[Address]:
        return frozenset(owner for owner in owners if (owner, safe_tx_hash) in self._safe(at).approved)

    def accepted(self, what: Hashed, version: str, signatures: Sequence[Signature], at: Head) -> list[bool]:
        """No contract here checks signatures."""
        return [False for _ in signatures]

    def outcomes(self, safe_tx_hashes: Sequence[Bytes32], at: Head) -> list[SafeOutcome | None]:
        words = {
            Bytes32(keccak(f"Execution{w}(bytes32,uint256)".encode())): w == "Success" for w in ("Success", "Failure")
        }
        found = {
            log.topics[1]: SafeOutcome(success=words[log.topics[0]], block=log.block, tx_hash=log.tx_hash)
            for log in self._chain.logs(self._address, [list(words)], at)
        }
        return [found.get(digest) for digest in safe_tx_hashes]

    def execution(self, tx: SafeTx, signatures: bytes) -> Call:
        return execution(tx, signatures)

    def _safe(self, at: Head) -> contracts.Safe:
        safe = self._chain.account(self._address, at)
        if not isinstance(safe, contracts.Safe):
            raise Refused(f"{self._address} is not a Safe")
        return safe


class Timelock:
    """See `governance.ports.Timelock`."""

    def __init__(self, chain: Chain, network: Network) -> None:
        self._chain = chain
        self._network = network

    def look(self, at: Head) -> TimelockFacts:
        timelock, council, guardian = self._timelock(at), self._network.council, self._network.guardian
        return TimelockFacts(
            address=timelock.address,
            code_hash=Bytes32(keccak(timelock.code)),
            min_delay=Duration(timelock.min_delay),
            council_may_propose=(contracts.PROPOSER, council) in timelock.grants,
            council_may_cancel=(contracts.CANCELLER, council) in timelock.grants,
            guardian_may_cancel=(contracts.CANCELLER, guardian) in timelock.grants,
            open_executor=(contracts.EXECUTOR, ZERO_ADDRESS) in timelock.grants,
        )

    def operations(self, ids: Sequence[Bytes32], at: Head) -> list[OperationFacts]:
        timelock = self._timelock(at)
        logs = self._chain.logs(self._network.timelock, [list(_EVENTS)], at)
        found = []
        for one in ids:
            events = [_EVENTS[log.topics[0]] for log in logs if log.topics[1] == one]
            newest = events[-1] if events else OperationEvent.NONE
            cancelled = events.count(OperationEvent.CANCELLED)
            timestamp = timelock.timestamps.get(one, 0)
            found.append(OperationFacts(id=one, timestamp=timestamp, newest=newest, cancellations=cancelled))
        return found

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        return self._timelock(at).members()

    def ledger(self, at: Head) -> list[Spent]:
        network = self._network
        reader = NodeTimelock(self._chain, network.timelock, council=network.council, guardian=network.guardian)
        return reader.ledger(at)

    def hash_of(self, calls: Sequence[Call], predecessor: Bytes32, salt: Bytes32, at: Head) -> Bytes32:
        self._timelock(at)
        targets, values, payloads = [c.to for c in calls], [c.value for c in calls], [c.data for c in calls]
        return contracts.operation_id(targets, values, payloads, predecessor, salt)

    def _timelock(self, at: Head) -> contracts.Timelock:
        timelock = self._chain.account(self._network.timelock, at)
        assert isinstance(timelock, contracts.Timelock)
        return timelock


_EVENTS = {
    Bytes32(keccak(contracts.SCHEDULED.encode())): OperationEvent.SCHEDULED,
    Bytes32(keccak(contracts.EXECUTED.encode())): OperationEvent.EXECUTED,
    Bytes32(keccak(b"Cancelled(bytes32)")): OperationEvent.CANCELLED,
}


class Target:
    """See `governance.ports.Target`."""

    def __init__(self, chain: Chain, network: Network) -> None:
        self._chain = chain
        self._network = network

    def look(self, at: Head) -> TargetFacts:
        target = self._chain.account(self._network.target, at)
        if isinstance(target, systems.Diamond):
            return self._diamond(target)
        assert isinstance(target, systems.Dispatcher)
        timelock, held = self._network.timelock, target.grants
        return TargetFacts(
            address=target.address,
            generation=target.generation,
            code_hash=Bytes32(keccak(target.code)),
            routes=tuple(sorted(target.routes.values())),
            active_root=target.active_root,
            pending_root=target.pending_root,
            active_epoch=target.active_epoch,
            activation_delay=Duration(target.activation_delay),
            frozen=target.frozen,
            paused=target.paused,
            timelock_is_admin=(contracts.ADMIN, timelock) in held,
            timelock_may_commit=(contracts.COMMIT, timelock) in held,
            timelock_may_apply=(contracts.APPLY, timelock) in held,
            timelock_may_remove=(contracts.EMERGENCY, timelock) in held,
            guardian_may_pause=(contracts.EMERGENCY, self._network.guardian) in held,
        )

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        target = self._chain.account(self._network.target, at)
        if not isinstance(target, contracts.AccessControl):
            raise Refused(f"{self._network.target} has no roles")
        return target.members()

    def _diamond(self, target: systems.Diamond) -> TargetFacts:
        owned = target.owner == self._network.timelock
        return TargetFacts(
            address=target.address,
            generation=Generation.DIAMOND,
            code_hash=Bytes32(keccak(target.code)),
            routes=tuple(sorted(target.routes.values())),
            active_root=ZERO_WORD,
            pending_root=ZERO_WORD,
            active_epoch=0,
            activation_delay=Duration(0),
            frozen=False,
            paused=False,
            timelock_is_admin=owned,
            timelock_may_commit=owned,
            timelock_may_apply=owned,
            timelock_may_remove=owned,
            guardian_may_pause=False,
        )


class Anchor:
    """See `governance.ports.Anchor`."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address

    def digest(self, at: Head) -> Bytes32:
        anchor = self._chain.account(self._address, at)
        assert isinstance(anchor, contracts.Anchor)
        return anchor.digest

    def uri(self, at: Head) -> str:
        anchor = self._chain.account(self._address, at)
        assert isinstance(anchor, contracts.Anchor)
        return anchor.uri
