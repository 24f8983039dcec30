"""The proposal that takes another one back, as a draft: derived from the pins of its plan, never from what is live now.

It gives the state back, not the time. It is a proposal like any other: reviewed, judged, signed, and delayed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.core.errors import Refused
from governance.core.fields import MAX_ID_LENGTH
from governance.core.kinds import Kind
from governance.core.network import Network
from governance.core.pins import Pins
from governance.core.proposal import SCHEMA, Proposal


def rollback(proposal: Proposal, kind: Kind[Any], pins: Mapping[Network, Pins]) -> str:
    """The text of the draft, for every network of `pins`. Raises Refused when no single one takes it back."""
    bodies = {network.name: kind.inverse(proposal.document, network, pins) for network, pins in pins.items()}
    body = next(iter(bodies.values()))
    if any(each is None for each in bodies.values()) or body is None:
        raise Refused(
            f"no proposal that takes {proposal.id} back follows from its plan",
            hint=f"what a {kind.name} did before is not in its pins: write the way back yourself",
        )
    if any(each != body for each in bodies.values()):
        networks = ", ".join(bodies)
        raise Refused(f"the way back from {proposal.id} differs from network to network", hint=f"--network {networks}")
    made = document(proposal, body, list(bodies))
    return "".join(f"{line}\n" for key, value in made.items() for line in _lines(key, value))


def document(proposal: Proposal, body: Mapping[str, Any], networks: Sequence[str]) -> dict[str, Any]:
    """The whole document, of the keys that `Kind.inverse` gives."""
    head = {
        "schema": SCHEMA,
        "title": f"Take back {proposal.id[:MAX_ID_LENGTH]}",
        "author": proposal.document.author,
        "networks": list(networks),
        "summary": f"Gives back what was before {proposal.id}. Say here why, and what has happened since.",
    }
    return {**head, **body}


def _lines(key: str, value: Any) -> Iterator[str]:
    """A key of the document: texts as they are quoted in JSON, which YAML reads alike; a list of mappings item by item."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        yield f"{key}:"
        yield from (f"  - {json.dumps(item, ensure_ascii=False)}" for item in value)
    else:
        yield f"{key}: {json.dumps(value, ensure_ascii=False)}"
