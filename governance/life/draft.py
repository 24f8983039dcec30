"""`gov new` and `gov init`: a start that passes the schema, for an author to change.

Text only; whoever calls writes the files. It proposes nothing by itself.
"""

from collections.abc import Sequence
from importlib.resources import files
from string import Template

from governance.core.errors import Rejected
from governance.core.proposal import PROPOSAL_ID
from governance.core.units import shown

_BODIES = {
    "facet_swap": """\
changes:
  - replace: FeeFacet@2            # an artifact Name@Version, or an address
    selectors: ["setFee(uint256)", "fee()"]
expect:
  - call: "fee()(uint256)"
    equals: 30
""",
    "manifest_upgrade": """\
routes:                            # every route that shall be live; what is not listed is removed
  - {selector: "setFee(uint256)", facet: FeeFacet@2}
  - {selector: "fee()", facet: FeeFacet@2}
""",
    "contract_call": """\
calls:
  - to: target                     # the governed system, or an address
    function: "setFee(uint256)"
    args: ["25"]
expect:
  - call: "fee()(uint256)"
    equals: 25
""",
    "emergency_pause": """\
reason: What was seen, where, and since when.
""",
    "cancel": """\
proposal: $other
reason: Why it must not be executed.
""",
}
_TITLES = {
    "facet_swap": "Swap a facet",
    "manifest_upgrade": "Replace the manifest",
    "contract_call": "Call a contract",
    "emergency_pause": "Pause the system",
    "cancel": "Cancel a scheduled proposal",
}
_HEAD = Template("""\
# yaml-language-server: $$schema=../.gov/schema.json
schema: governance/v1
title: $title
author: $author
networks: [$network]
kind: $kind
summary: $summary
""")


def next_id(ids: Sequence[str], slug: str) -> str:
    """The next free number and a slug: `0008-swap-fee-facet`. Raises Rejected when the slug is not one."""
    number = max((int(proposal_id[:4]) for proposal_id in ids), default=0) + 1
    proposal_id = f"{number:04}-{slug}"
    if not PROPOSAL_ID.fullmatch(proposal_id):
        raise Rejected(f"`{shown(slug)}` cannot be part of a file's name", hint="lower-case words joined by -")
    return proposal_id


def scaffold(kind: str, *, author: str, network: str, title: str = "", reason: str = "", other: str = "") -> str:
    """The text of a new proposal. Raises Rejected on an unknown kind."""
    if kind not in _BODIES:
        raise Rejected(f"there is no kind `{shown(kind)}`", hint=f"one of {', '.join(_BODIES)}")
    head = _HEAD.substitute(
        title=_quoted(title or _TITLES[kind]),
        author=author,
        network=network,
        kind=kind,
        summary=_quoted(reason) if reason else "Why, and what a reviewer should look at.",
    )
    body = Template(_BODIES[kind]).substitute(other=other or "0001-name-of-the-other")
    if reason and "reason:" in body:
        body = "".join(f"reason: {_quoted(reason)}\n" if r.startswith("reason:") else r for r in body.splitlines(True))
    return head + body


def workspace_files() -> dict[str, str]:
    """What `gov init` writes, by path."""
    templates = files("governance.life") / "templates"
    names = {
        "policies.yaml": "policies.yaml",
        ".github/workflows/proposals.yml": "proposals.yml",
        ".gitignore": "gitignore",
    }
    written = {path: (templates / name).read_text("utf-8") for path, name in names.items()}
    written["proposals/0001-swap-fee-facet.yaml"] = scaffold(
        "facet_swap", author="alice", network="devnet", title="Swap FeeFacet for one with a cap"
    )
    return written


def _quoted(text: str) -> str:
    """A YAML scalar that is exactly this text."""
    import json

    return json.dumps(text, ensure_ascii=False)
