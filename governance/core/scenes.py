"""Blocks that never were: what is sent in which, and what came of each call. Others obtain that from a node; here nothing is
judged.
"""

from dataclasses import dataclass

from governance.core.call import Call
from governance.core.difference import Change
from governance.core.facts import Log
from governance.core.units import Address, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A call and who would send it."""

    call: Call
    sender: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One block that never was."""

    moment: Moment
    sent: tuple[Sent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of one call in a scene."""

    ok: bool
    data: bytes
    """Return data, or revert data."""
    gas_used: int
    reason: str
    """Why it reverted, in words; empty when it did not."""
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One delegatecall inside an execution: `account` ran the code of `code`."""

    account: Address
    code: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What one execution changes, and whose code it runs."""

    changes: tuple[Change, ...]
    delegated: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One call that is tried on a state which is only supposed."""

    sent: Sent
    moment: Moment
    given: tuple[Change, ...]
    """What is supposed to be different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What became of a trial."""

    ok: bool
    reason: str
    """Why it reverted, in words; empty when it did not."""
    changes: tuple[Change, ...]
    """Empty when it reverted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One call of the life, and whether it must pass."""

    label: str
    sent: Sent
    must_pass: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActResult:
    """An act and what came of it."""

    act: Act
    played: Played

    @property
    def as_it_must(self) -> bool:
        """It passed if it must, and reverted if it must."""
        return self.played.ok is self.act.must_pass


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult:
    """One block of the rehearsal."""

    moment: Moment
    acts: tuple[ActResult, ...]
