"""The roles that `life` needs filled. Adapters fill them with the world, tests with a simulator of the same names.

Every read takes the head it is true at. An adapter raises Unreachable when the world does not answer, and never
returns a default in place of a security parameter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from governance.core.approval import RoleApproval
from governance.core.ballot import Ballot
from governance.core.call import Call
from governance.core.difference import Change
from governance.core.facts import (
    Head,
    Log,
    OperationFacts,
    Receipt,
    SafeFacts,
    SafeOutcome,
    TargetFacts,
    TimelockFacts,
)
from governance.core.hold import Hold
from governance.core.journal import Entry, Intent
from governance.core.lock import Claim
from governance.core.permission import Spent
from governance.core.safeservice import ServiceTransaction
from governance.core.safetx import SafeTx
from governance.core.scenes import Played, Scene, Sent, Trace, Traced, Trial
from governance.core.signable import Hashed, Signable
from governance.core.signature import Signature
from governance.core.stateproof import Proven, Question
from governance.core.units import Address, Bytes32, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one `eth_call` gave: return data, or revert data when it failed."""

    ok: bool
    data: bytes


class Chain(Protocol):
    """A node of one network. Reads are pinned to a block hash and go out in one batch per method call."""

    def head(self) -> Head:
        """The newest block. Raises Refused when the node serves another chain id than the policy names."""
        ...

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        """View calls, in order."""
        ...

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        """Runtime code, empty for an account without."""
        ...

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        """Storage words."""
        ...

    def logs(self, address: Address, topics: Sequence[Sequence[Bytes32] | None], at: Head) -> list[Log]:
        """Every log up to `at` that matches, oldest first: each position is a set of alternatives, None is any."""
        ...

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        """The timestamps of blocks up to `at`, by their numbers."""
        ...

    def dry_run(self, call: Call, *, sender: Address, at: Head) -> Answer:
        """What `call` would give if `sender` sent it on top of `at`."""
        ...

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        """The receipt of a mined transaction, None while there is none."""
        ...


class Prover(Protocol):
    """Whoever can show that a block holds what is read from it."""

    def proofs(self, wanted: Sequence[Question], at: Head) -> list[Proven]:
        """What each account holds, proven against the state root of the block with that very hash.

        Raises ChainContradicts when what is given proves nothing, Unreachable when nothing is given.
        """
        ...


class Simulator(Protocol):
    """A node that plays blocks on top of one that is, and forgets them. The code that runs is the chain's own."""

    @property
    def chain(self) -> Chain:
        """The blocks that are; each thing about one is asked once."""
        ...

    def play(self, scenes: Sequence[Scene], at: Head, *, along: Sequence[Trial] = ()) -> list[list[Played]]:
        """What comes of each call, scene after scene. Raises Unreachable when the node cannot do this.

        `along` are traces that will be wanted next, and are asked for in the same request.
        """
        ...

    def each(self, scenes: Sequence[Scene], ends: Sequence[Scene], at: Head) -> list[list[Played]]:
        """What comes of each call of each end, played after the scenes as if there were no other end."""
        ...

    def after(
        self,
        scenes: Sequence[Scene],
        moment: Moment,
        at: Head,
        *,
        changes: Sequence[Change] = (),
        whole: bool = False,
        eager: bool = False,
    ) -> tuple[Chain, Head]:
        """A chain to read at `moment`, after the scenes, and the head to read it at.

        `changes` are what the scenes do to code and storage, which cannot be asked for otherwise. When they are the
        `whole` of what the scenes change, nothing needs to be played again for a view. What is going to be read whole is
        `eager`: its first view is asked for together with all that were asked for of others.
        """
        ...

    def alike(self, chains: Sequence[Chain], calls: Sequence[Call]) -> None:
        """Have the same views of several later chains asked in one request, so that each knows them when it is asked."""
        ...

    def trace(self, sent: Sent, moment: Moment, at: Head, *, given: Sequence[Change]) -> Trace:
        """The exact difference that one call makes at `moment`, once the `given` changes are made."""
        ...

    def traces(self, wanted: Sequence[Trial], at: Head) -> list[Traced]:
        """What becomes of each trial, none of which knows of another, in as few requests as will do."""
        ...

    def gas_limit(self, at: Head) -> int:
        """How much gas one block takes."""
        ...


class Sender(Protocol):
    """An account that pays gas. Persists each signed raw transaction before its first broadcast."""

    @property
    def address(self) -> Address:
        """The paying account."""
        ...

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Sign, persist, broadcast and wait. `purpose` names the act, e.g. `queue 0007 devnet 0`. Idempotent by it.

        Raises Refused when the call would revert or its receipt says it did, InFlight when it is sent and not yet mined.
        """
        ...


class Payer(Sender, Protocol):
    """A sender that need not wait for a block whose time is late enough, when the next one's will be."""

    def at(self, moment: Moment) -> Sender:
        """The same account, whose dry runs are of a block of that moment, where it is later than the newest one's."""
        ...


class Safe(Protocol):
    """A Safe on one network."""

    def look(self, at: Head) -> SafeFacts:
        """Raises Refused when the address is not a Safe of a known version with a known singleton."""
        ...

    def hash_of(self, tx: SafeTx, at: Head) -> Bytes32:
        """The contract's own `getTransactionHash`."""
        ...

    def approved(self, safe_tx_hash: Bytes32, owners: Sequence[Address], at: Head) -> frozenset[Address]:
        """Owners whose `approvedHashes` entry for the hash is set."""
        ...

    def accepted(self, what: Hashed, version: str, signatures: Sequence[Signature], at: Head) -> list[bool]:
        """Of contract signatures (EIP-1271), which the owners' contracts accept when a Safe of this version asks them."""
        ...

    def outcomes(self, safe_tx_hashes: Sequence[Bytes32], at: Head) -> list[SafeOutcome | None]:
        """What became of each hash, from `ExecutionSuccess` and `ExecutionFailure` logs."""
        ...

    def execution(self, tx: SafeTx, signatures: bytes) -> Call:
        """The `execTransaction` call."""
        ...


class Timelock(Protocol):
    """An OpenZeppelin TimelockController on one network."""

    def look(self, at: Head) -> TimelockFacts:
        """Delay and the roles that matter to the plan."""
        ...

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        """Every role that somebody holds, with all its holders; the zero address in EXECUTOR_ROLE means anyone."""
        ...

    def operations(self, ids: Sequence[Bytes32], at: Head) -> list[OperationFacts]:
        """Each id's timestamp and newest log."""
        ...

    def ledger(self, at: Head) -> list[Spent]:
        """Every call that it has executed, with its moment, and every one that waits in it; none that was cancelled."""
        ...

    def hash_of(self, calls: Sequence[Call], predecessor: Bytes32, salt: Bytes32, at: Head) -> Bytes32:
        """The contract's own `hashOperationBatch`."""
        ...


class Target(Protocol):
    """The governed dispatcher or diamond on one network."""

    def look(self, at: Head) -> TargetFacts:
        """Generation, live routes from the loupe, manifest state and rights. Raises Refused on an unknown system."""
        ...

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        """Every role that somebody holds, with all its holders. Raises Refused on a system without roles."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What is new on a network since the block that was looked at before."""

    head: Head
    next_moment: Moment
    """That of the next block, as far as it can be known: what is due then can be sent now."""
    final: int
    """Number of the newest block that cannot be taken back."""
    forked: bool
    """The block that was looked at before is no longer there: nothing that followed from it may be kept."""
    operations: Mapping[Bytes32, int]
    """Ids that the timelock has logged something about since, with the newest block of a log."""
    nonce: int
    """The next one of the council's Safe."""
    balance: int
    """What the payer has left, in wei."""


class Heart(Protocol):
    """The cheap question that an executor asks a node again and again. Its answers say when to look; they decide nothing."""

    def beat(self, before: Head | None) -> Beat:
        """One round trip, whatever waits. Raises Unreachable, or Refused where the node serves another chain."""
        ...

    def timestamps(self, ids: Sequence[Bytes32], at: Head) -> list[int]:
        """`getTimestamp` of each operation: 0 unset, 1 done, else the moment from which it may execute."""
        ...


class Shelf(Protocol):
    """The lock files of a workspace, as far as they have changed."""

    def changes(self, network: str) -> Mapping[str, Claim | None]:
        """What each lock file claims that is new or was written anew since the last time; None where it claims nothing more.

        Costs little while nothing changes, however many there are. A malformed lock file claims nothing, and is told.
        """
        ...

    def forget(self) -> None:
        """Everything is new again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The execution of one operation, by its log."""

    block: int
    tx_hash: Bytes32
    final: bool
    """Its block cannot be taken back any more."""


class Executions(Protocol):
    """Executions on one network, and whether they are final."""

    def of(self, operation: Bytes32, at: Head) -> Execution | None:
        """The newest execution of an operation up to `at`; None where no log tells of one."""
        ...

    def next_moment(self) -> Moment:
        """See `Beat.next_moment`."""
        ...


class Anchor(Protocol):
    """The PolicyAnchor on one network."""

    def digest(self, at: Head) -> Bytes32:
        """The digest of the policy in force. Raises Refused when there is no anchor."""
        ...

    def uri(self, at: Head) -> str:
        """Where that policy stands, as it was anchored. Raises Refused when there is no anchor."""
        ...


class Signer(Protocol):
    """Someone's key, behind a keystore or a device. The key itself never crosses this line."""

    @property
    def address(self) -> Address:
        """Whose signature it gives."""
        ...

    def sign(self, what: Signable) -> bytes:
        """The 65-byte signature r ‖ s ‖ v over an EIP-712 hash as it is, v in {27, 28}, low s.

        Raises Refused when its holder, or the device, does not want to; Unreachable when it does not answer.
        """
        ...


class Mailbox(Protocol):
    """The signatures of one proposal."""

    def add(self, ballot: Ballot) -> None:
        """Keep a signature. Adding it again changes nothing; a signer's new one over the same hash replaces the old."""
        ...

    def all(self) -> list[Ballot]:
        """Every signature, by signer, then network and nonce. Raises Rejected with every malformed or false one."""
        ...


class Exchange(Protocol):
    """A server where owners exchange signatures. It may lie, forget and refuse; nothing depends on it."""

    def at_nonce(self, tx: SafeTx) -> list[ServiceTransaction]:
        """Every transaction that it holds for this Safe and nonce. Raises Unreachable, or Rejected on a malformed answer."""
        ...

    def propose(self, tx: SafeTx, signature: Signature) -> None:
        """Put a transaction there, with the first owner's signature. Raises Refused with the server's words."""
        ...

    def confirm(self, tx: SafeTx, signature: Signature) -> None:
        """Put one more owner's signature to a transaction that is there. Raises Refused with the server's words."""
        ...


class Approvals(Protocol):
    """The approvals of one proposal by members in their roles."""

    def add(self, approval: RoleApproval) -> None:
        """Keep an approval. Adding it again changes nothing."""
        ...

    def all(self) -> list[RoleApproval]:
        """Every approval, by signer, then network and role. Raises Rejected with every malformed or false one."""
        ...


class Holds(Protocol):
    """The guardians' holds of one proposal's operations."""

    def add(self, hold: Hold) -> None:
        """Keep a hold. Adding it again changes nothing."""
        ...

    def all(self) -> list[Hold]:
        """Every hold, by signer. Raises Rejected with every malformed or false one."""
        ...


class Journal(Protocol):
    """Notes, and transactions that may have been sent. Nothing in it decides; it may be lost at any time."""

    def append(self, kind: str, proposal: str, network: str, subject: Mapping[str, str], *, at: Moment) -> Entry:
        """Add a note to the one chain of notes, whoever else is writing."""
        ...

    def append_once(
        self, kind: str, proposal: str, network: str, subject: Mapping[str, str], *, at: Moment, key: str
    ) -> Entry | None:
        """Add a note unless one of its kind, proposal and network has the same value under `key`; then None."""
        ...

    def entries(self, proposal: str | None = None) -> list[Entry]:
        """Notes in order: of one proposal, or all. Raises Refused with everything that breaks the chain of notes."""
        ...

    def record_intent(self, intent: Intent) -> None:
        """Keep a signed transaction; on disk when this returns. The same again changes nothing."""
        ...

    def intents(self, purpose: str) -> list[Intent]:
        """Signed transactions for one act, by nonce, then age. Raises Refused on one whose bytes are not what was signed."""
        ...

    def intents_at(self, chain_id: int, sender: Address, nonce: int) -> list[Intent]:
        """Signed transactions of one account at one nonce, by age, whatever they are for. Raises Refused as `intents`."""
        ...
