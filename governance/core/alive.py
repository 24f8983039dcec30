"""What would end or maim the governance itself: refused, unless the proposal names it under `acknowledge:`.

A danger is a finding on the pinned facts: the kind's, in its document, or that of `core/kinds/survival.py`, in the calls that
come of it. What can never work on chain is no danger but a fault, and no acknowledgement helps. A name that stands there
and does not come about is refused as well: it would lie in wait.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from governance.core.errors import Finding

DangerName = Literal[
    "role-last-admin",
    "role-last-pauser",
    "role-timelock-admin",
    "timelock-last-proposer",
    "timelock-last-canceller",
    "timelock-last-executor",
    "threshold-all",
    "threshold-minority",
    "protected-selector",
    "unreachable-unpause",
]
"""Rules of findings that may be acknowledged."""
DANGERS = frozenset(get_args(DangerName))


def unacknowledged(
    findings: Iterable[Finding], acknowledge: Sequence[str]
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings that still speak against it, and the dangers that were acknowledged and are there."""
    known = set(acknowledge) & DANGERS
    left: list[Finding] = []
    there: dict[str, None] = {}
    for finding in findings:
        if finding.rule in known:
            there[finding.rule] = None
        elif finding.rule in DANGERS:
            hint = f"{finding.hint}; or, if it is meant, name {finding.rule} under `acknowledge`"
            left.append(
                Finding(
                    rule=finding.rule,
                    message=finding.message,
                    hint=hint.removeprefix("; or, "),
                    place=finding.place,
                    path=finding.path,
                )
            )
        else:
            left.append(finding)
    return tuple(left), tuple(there)


def in_vain(acknowledge: Sequence[str], there: Iterable[str]) -> tuple[Finding, ...]:
    """A finding for each danger that is acknowledged and does not come about."""
    found = set(there)
    hint = "drop it: it would let a later change through unseen"
    return tuple(
        Finding(
            rule="acknowledged-in-vain",
            message=f"`{name}` is acknowledged, but does not come about",
            hint=hint,
            path=f"acknowledge[{i}]",
        )
        for i, name in enumerate(acknowledge)
        if name not in found
    )
