"""Starting points: the text of a new proposal, and the files of a new workspace. Only text; nothing is written here.

What is drafted passes its own checks. It is a start, not a proposal: an author changes it before anybody reviews it.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from governance import __version__
from governance.core.errors import Rejected
from governance.core.fields import MAX_ID_LENGTH
from governance.core.kinds import KINDS
from governance.core.proposal import PROPOSAL_ID
from governance.core.units import shown

FIRST_PROPOSAL = "0001-swap-fee-facet"
"""The proposal of a new workspace."""

_TITLES = {
    "facet_swap": "Swap a facet",
    "manifest_upgrade": "Replace the manifest",
    "contract_call": "Call a contract",
    "emergency_pause": "Pause the system",
    "cancel": "Cancel a proposal",
    "unpause": "Let the system work again",
    "role_change": "Change roles",
    "timelock_change": "Change the timelock",
    "policy_change": "Change the policy",
    "council_change": "Change the council",
    "proxy_upgrade": "Upgrade a proxy",
    "batch": "Change several things at once",
}


def next_id(ids: Sequence[str], slug: str) -> str:
    """The id of the next proposal: the next number, and `slug`. Raises Rejected when that is no id."""
    proposal_id = f"{next_number(ids):04}-{slug}"
    if not PROPOSAL_ID.fullmatch(proposal_id) or len(proposal_id) > MAX_ID_LENGTH:
        hint = "write a few lower-case words joined by -: swap-fee-facet"
        raise Rejected(f"`{shown(slug)}` cannot be part of a file's name", hint=hint)
    return proposal_id


def cut(slug: str) -> str:
    """As much of it as an id has room for."""
    return slug[: MAX_ID_LENGTH - len("0000-")].rstrip("-")


def next_number(ids: Sequence[str]) -> int:
    """One more than the highest number, so that a number is never given twice. Raises Rejected after 9999."""
    number = 1 + max((int(proposal_id[:4]) for proposal_id in ids), default=0)
    if number > 9999:
        raise Rejected("there is no number left after 9999", hint="begin a new workspace")
    return number


def scaffold(
    kind: str,
    *,
    author: str,
    network: str,
    title: str = "",
    summary: str = "",
    reason: str = "",
    other: str = FIRST_PROPOSAL,
) -> str:
    """A valid proposal of a kind, for an author to change. Raises Rejected on a kind that has no start."""
    if kind not in _TITLES:
        known = ", ".join(sorted(_TITLES))
        hint = f"there is one for {known}"
        what = "has no start to copy" if kind in KINDS else "is not a kind of proposal"
        raise Rejected(f"`{shown(kind)}` {what}", hint=hint)
    return Template(_template(f"kinds/{kind}.yaml")).substitute(
        title=_quoted(title or _TITLES[kind]),
        author=_quoted(author),
        network=_quoted(network),
        summary=_quoted(summary or "Say here why this is needed and what a reviewer should look at."),
        reason=_quoted(reason or "Say here what happened."),
        other=_quoted(other),
    )


def workspace_files() -> dict[str, str]:
    """Every file of a new workspace, by its path in it."""
    return {
        "policies.yaml": _template("policies.yaml"),
        f"proposals/{FIRST_PROPOSAL}.yaml": _template("first.yaml"),
        ".github/workflows/proposals.yml": Template(_template("proposals.yml")).substitute(version=__version__),
        ".github/workflows/proposals-comment.yml": Template(_template("proposals-comment.yml")).substitute(
            version=__version__
        ),
        ".github/workflows/emergency-drill.yml": Template(_template("emergency-drill.yml")).substitute(
            version=__version__
        ),
        ".gitignore": ".gov/\n",
    }


def _template(name: str) -> str:
    return files("governance.life").joinpath("templates", *name.split("/")).read_text("utf-8")


def _quoted(text: str) -> str:
    """Text as one YAML scalar: plain where nothing in it could be read otherwise, double-quoted elsewhere."""
    return (
        text
        if re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9 _-]*[A-Za-z0-9])?", text)
        else json.dumps(text, ensure_ascii=False)
    )
