"""`gov nonces`: which proposal holds which nonce of the council's and the guardian's Safe, and how they would all fit.

It derives every stage as `gov status` does. Replanning only names who must be locked anew, and in which order: a lock is
made by `gov lock`, and signatures over the old one are signed hashes like any other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.facts import SafeFacts
from governance.core.journal import Entry
from governance.core.kinds import KINDS
from governance.core.kinds.base import Lane
from governance.core.live import Live, abandoned_findings
from governance.core.nonces import Held, nonce_findings, replanned
from governance.life.live import live_hashes
from governance.life.site import Site, Workspace
from governance.life.watch import look


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """One Safe's nonces, as of one block."""

    network: str
    duty: str
    """`council` or `guardian`."""
    safe: SafeFacts
    held: tuple[Held, ...]
    lives: tuple[Live, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Conflicts, gaps, lost nonces, and signed hashes that nobody means any more."""
        return (*nonce_findings(self.held, next_nonce=self.safe.nonce), *abandoned_findings(self.lives))

    @property
    def replan(self) -> list[str]:
        """Who must be locked anew, in order."""
        return replanned(self.held, next_nonce=self.safe.nonce)


def books(site: Site, workspace: Workspace, *, ledger: Iterable[Entry] = ()) -> tuple[Book, Book]:
    """The council's and the guardian's. Raises Refused when a lock file does not hold."""
    held: dict[str, list[Held]] = {"council": [], "guardian": []}
    for proposal in workspace.proposal_ids():
        document = workspace.proposal(proposal).document
        if site.network.name not in document.networks or workspace.lock(proposal) is None:
            continue
        duty = "guardian" if KINDS[document.kind].lane is Lane.GUARDIAN else "council"
        held[duty] += [
            Held(
                nonce=seen.step.safe_tx.nonce,
                proposal=proposal,
                step=seen.step.label,
                stage=seen.stage,
                signed=len(seen.quorum.signed),
                threshold=seen.quorum.threshold,
            )
            for seen in look(site, workspace, proposal).steps
        ]
    head, kept = site.chain.head(), list(ledger)
    made = []
    for duty, port in (("council", site.council), ("guardian", site.guardian)):
        safe = port.look(head)
        lives = tuple(live_hashes(site, workspace, safe, ledger=kept))
        mine = tuple(sorted(held[duty], key=lambda each: (each.nonce, each.proposal)))
        made.append(Book(network=site.network.name, duty=duty, safe=safe, held=mine, lives=lives))
    return made[0], made[1]
