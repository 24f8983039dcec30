"""Which proposal holds which nonce of a Safe: what is held twice, what is missing in between, what is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.stage import Stage

OPEN = frozenset({Stage.COLLECTING, Stage.QUEUED, Stage.APPROVED})
"""Stages in which a nonce is still to be spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A nonce as a lock file pins it, for one step."""

    nonce: int
    proposal: str
    step: str
    """Its label."""
    stage: Stage
    signed: int
    threshold: int


def open_from(held: Iterable[Held]) -> list[Held]:
    """Those that still want their nonce, in the order in which the Safe takes them."""
    return sorted((each for each in held if each.stage in OPEN), key=lambda each: (each.nonce, each.proposal))


def nonce_findings(held: Sequence[Held], *, next_nonce: int) -> list[Finding]:
    """Conflicts, gaps, and proposals whose nonce was taken. `next_nonce` is the Safe's own."""
    waiting, findings = open_from(held), []
    by_nonce: dict[int, list[str]] = {}
    for each in waiting:
        by_nonce.setdefault(each.nonce, []).append(each.proposal)
    for nonce, proposals in by_nonce.items():
        if len(proposals) > 1:
            message = f"nonce {nonce} is pinned by {' and '.join(proposals)}: only one of them can be executed"
            findings.append(
                Finding(rule="nonce-conflict", message=message, hint="gov nonces --replan gives each its own")
            )
    expected = next_nonce
    for nonce in by_nonce:
        if nonce > expected:
            missing = f"nonce {expected}" if nonce == expected + 1 else f"nonces {expected} to {nonce - 1}"
            message = f"{missing} of the Safe belong to no proposal here: {by_nonce[nonce][0]} waits for them"
            hint = "something outside of this workspace spends them, or gov nonces --replan closes the gap"
            findings.append(Finding(rule="nonce-gap", message=message, hint=hint))
        expected = max(expected, nonce + 1)
    for each in held:
        if each.stage is Stage.DISPLACED:
            message = f"another transaction took nonce {each.nonce} from {each.proposal}: its signatures are dead"
            findings.append(
                Finding(rule="nonce-displaced", message=message, hint=f"gov lock {each.proposal[:4]}, and sign anew")
            )
    return findings


def replanned(held: Sequence[Held], *, next_nonce: int) -> list[str]:
    """Proposals that must be locked anew for all to fit without a gap, in the order in which to lock them.

    Whoever comes first in the order of today keeps its place; what is displaced goes last. A proposal's steps stay together.
    """
    order = list(dict.fromkeys(each.proposal for each in open_from(held)))
    order += sorted({each.proposal for each in held if each.stage is Stage.DISPLACED} - set(order))
    free, moved = next_nonce, list[str]()
    for name in order:
        mine = [each for each in held if each.proposal == name and each.stage in {*OPEN, Stage.DISPLACED}]
        fits = sorted(each.nonce for each in mine) == list(range(free, free + len(mine)))
        if moved or not fits:
            moved.append(name)
        free += len(mine)
    return moved
