"""How the rehearsals look that begin where a proposal ends: its rollback, the emergency drill, and several proposals at once.

As `apps/show.py`: tables for people, JSON values for tools, nothing decided.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from governance.apps import show
from governance.core.units import to_hex

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.drill import Drill
    from governance.core.errors import Finding
    from governance.core.rehearsal import Rehearsal
    from governance.core.reversal import Reversal
    from governance.core.scenes import BlockResult
    from governance.core.stacked import Stack


def afterwards(each: "Rehearsal") -> "RenderableType":
    """Rollback and drill act by act, with what they cost, and everything that is to be known."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = []
    if each.reversal is not None:
        parts += [_acts(f"rollback, by a {each.reversal.kind}", each.reversal.blocks), Text(_verdict(each.reversal))]
    if each.drill is not None:
        parts += [_acts("emergency drill", (*each.drill.pause, *each.drill.unpause), limit=each.drill.gas_limit)]
        parts.append(Text(f"{each.drill.routed} routed calls were tried before, during and after the pause"))
    return Group(*parts, *(Text(f"note: {note}") for note in each.notes))


def _acts(title: str, blocks: "Sequence[BlockResult]", *, limit: int = 0) -> Any:
    from rich.text import Text

    rows = show.table(title, "", "at", "act", "gas", *(["of a block"] if limit else []), "")
    for block in blocks:
        for result in block.acts:
            mark = Text("✓", style="green") if result.as_it_must else Text("✗", style="red")
            came = "passes" if result.played.ok else f"reverts: {result.played.reason}"
            gas = [f"{result.played.gas_used:,}"]
            gas += [f"{100 * result.played.gas_used / limit:.1f} %"] if limit else []
            rows.add_row(mark, str(block.moment), Text(result.act.label), *gas, Text(came))
    return rows


def _verdict(reversal: "Reversal") -> str:
    if not reversal.passes:
        return "it does not come to its end"
    lines = [f"it takes {reversal.gas:,} gas and leaves " + ("everything as it was" if reversal.complete else "this:")]
    lines += [f"  {len(list(changes))} × {why}" for why, changes in _by_nature(reversal)]
    return "\n".join([lines[0] + (", but for" if reversal.complete and len(lines) > 1 else ""), *lines[1:]])


def _by_nature(reversal: "Reversal") -> Iterator[tuple[str, list[Any]]]:
    for why in sorted({why for _, why in reversal.natural}):
        yield why, [change for change, words in reversal.natural if words == why]


def afterwards_document(each: "Rehearsal") -> dict[str, Any]:
    """The same as JSON values; null for what there is not."""
    return {
        "rollback": None if each.reversal is None else _reversal_document(each.reversal, each),
        "drill": None if each.drill is None else _drill_document(each.drill),
        "notes": list(each.notes),
    }


def _reversal_document(reversal: "Reversal", each: "Rehearsal") -> dict[str, Any]:
    from governance.core.difference import difference_document

    return {
        "kind": reversal.kind,
        "complete": reversal.complete,
        "gas_used": reversal.gas,
        "blocks": [show.block_document(block) for block in reversal.blocks],
        "left": difference_document(reversal.left, each.names),
        "left_statements": list(reversal.statements),
        "natural": [
            {**entry, "why": why}
            for change, why in reversal.natural
            for entry in difference_document([change], each.names)
        ],
    }


def _drill_document(drill: "Drill") -> dict[str, Any]:
    return {
        "routed": drill.routed,
        "gas_limit": drill.gas_limit,
        "pause": [show.block_document(block) for block in drill.pause],
        "unpause": [show.block_document(block) for block in drill.unpause],
    }


def findings(found: "Sequence[Finding]") -> "RenderableType":
    """Every finding, or that there is none."""
    from rich.text import Text

    return Text("\n".join(str(finding) for finding in found) or "nothing was found that must not be")


def stack(each: "Stack") -> "RenderableType":
    """Which open proposals were played with one another, in how many orders, and what came of it."""
    from rich.console import Group
    from rich.text import Text

    how = "every feasible order" if each.every else "each two in both orders"
    rows = show.table(
        f"open proposals on {each.network}, rehearsed on block {each.head.number}: {how}, {each.orders} in all",
        "proposal",
        "",
    )
    for proposal_id in each.proposals:
        rows.add_row(Text(proposal_id), "played")
    for proposal_id, why in each.left_out.items():
        rows.add_row(Text(proposal_id), Text(f"left out: {why}"))
    lines = [str(finding) for finding in each.findings] or ["no order differs from another"]
    return Group(rows, Text("\n".join(lines)))


def stack_document(each: "Stack") -> dict[str, Any]:
    """The same as JSON values, without its findings."""
    return {
        "network": each.network,
        "block": each.head.number,
        "block_hash": to_hex(each.head.hash),
        "now": str(each.head.timestamp),
        "ok": not each.findings,
        "proposals": list(each.proposals),
        "left_out": [{"proposal": proposal, "why": why} for proposal, why in each.left_out.items()],
        "orders": each.orders,
        "every_order": each.every,
    }
