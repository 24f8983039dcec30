"""How it looks who may do what: only what a proposal would change, and what one key alone can bring about.

As `apps/show.py`: tables for people, JSON values for tools, nothing decided.
"""

from typing import TYPE_CHECKING, Any

from governance.apps import show
from governance.core.keccak import selector
from governance.core.units import to_hex

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.power import Path, Power, Row
    from governance.core.units import Address


def power(each: "Power | None") -> "RenderableType":
    """Rights gained and lost, accounts that become something else, and a line for each question that matters."""
    from rich.console import Group
    from rich.text import Text

    if each is None:
        return Text("who may do what: not compared, since there is no state afterwards that can be read")
    parts: list[Any] = []
    if each.differences:
        table = show.table("who may do what", "", "holder", "role", "of", "may call")
        for row in each.differences:
            mark = Text("+", style="yellow") if row.after else Text("-", style="cyan")
            holder = f"{_named(each, row.holder)}\n({row.is_a})"
            may = ", ".join(signature.partition("(")[0] for signature in row.allows) or "—"
            table.add_row(mark, Text(holder), Text(_role(each, row)), Text(_named(each, row.contract)), Text(may))
        parts.append(table)
    lines = [f"{_named(each, account)} becomes: {now} (was: {was})" for account, was, now in each.becomes]
    if not each.differences and not lines:
        lines = ["who may do what: as before"]
    return Group(*parts, Text("\n".join([*lines, *_alone(each)])))


def _alone(each: "Power") -> list[str]:
    """How many paths of each kind there are afterwards; which they are stands among findings and notes."""
    from governance.core.power import BYPASS, SINGLE_KEY, STOP

    made, standing = each.compared()
    counted = {
        rule: len([path for path in (*made, *standing) if path.rule == rule]) for rule in (SINGLE_KEY, BYPASS, STOP)
    }
    titles = {
        SINGLE_KEY: "upgrades by one key alone",
        BYPASS: "ways around the timelock's delay",
        STOP: "stops by one key alone",
    }
    new = {rule: len([path for path in made if path.rule == rule]) for rule in counted}
    return [
        f"{titles[rule]}: {count or 'none'}{f', {new[rule]} of them new' if new[rule] else ''}"
        for rule, count in counted.items()
    ]


def _named(each: "Power", address: "Address") -> str:
    from governance.core.rolegraph import ANYONE

    return "anyone" if address == ANYONE else each.after.duties.get(address, address)


def _role(each: "Power", row: "Row") -> str:
    return row.role if row.through is None else f"{row.role}, by the fallback handler of {_named(each, row.through)}"


def power_document(each: "Power | None") -> dict[str, Any] | None:
    """Every right with its selectors, before and after, and every path, as JSON values."""
    from governance.core.power import rows

    if each is None:
        return None
    return {
        "rights": [_row_document(row) for row in rows(each)],
        "becomes": [{"account": account, "before": was, "after": now} for account, was, now in each.becomes],
        "paths": [
            {**_path_document(path), "new": new}
            for new, found in zip((True, False), each.compared(), strict=True)
            for path in found
        ],
    }


def _row_document(row: "Row") -> dict[str, Any]:
    return {
        "holder": row.holder,
        "is": row.is_a,
        "role": row.role,
        "contract": row.contract,
        "through": row.through,
        "allows": [{"function": signature, "selector": to_hex(selector(signature))} for signature in row.allows],
        "before": row.before,
        "after": row.after,
    }


def _path_document(path: "Path") -> dict[str, Any]:
    return {"rule": path.rule, "from": list(path.start), "to": path.end, "words": path.words}
