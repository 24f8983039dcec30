"""How an inspected facet looks: a table of the rules, and JSON values. It decides nothing."""

from typing import TYPE_CHECKING, Any

from governance.apps.show import table
from governance.core.keccak import keccak
from governance.core.units import to_hex

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.life.inspect import Inspection


def inspection(each: "Inspection") -> "RenderableType":
    """What the facet is, every rule with its answer, and every finding."""
    from rich.console import Group
    from rich.text import Text

    from governance.core.facetsafety import RULES
    from governance.core.storagelayout import location
    from governance.life.inspect import told

    facet = each.facet
    shown = table(
        f"{facet.reference} at {facet.address} on {each.network}, inspected on block {each.head.number}", "", "rule", ""
    )
    broken, open_rules = {finding.rule for finding in each.findings}, {one.rule for one in each.unchecked}
    for rule, holds in RULES.items():
        mark = Text("✗", style="red") if rule in broken else Text("✓", style="green")
        if rule in open_rules and rule not in broken:
            mark = Text("-")
        shown.add_row(mark, rule, Text("not checked" if mark.plain == "-" else holds))
    lines = [f"code hash   {to_hex(keccak(facet.code))}, {len(facet.code):,} bytes"]
    lines += [f"namespace   {name} at {hex(location(name))}" for name in facet.namespaces]
    lines.append(f"routed      {', '.join(_selector(each, s) for s in each.selectors) or 'nothing'}")
    lines += [f"note: {signature}: anyone may call it" for signature in each.open]
    lines += [f"note: {words}" for words in (*each.notes, *told(each.unchecked))]
    lines += [str(finding) for finding in each.findings] or ["nothing was found that must not be"]
    return Group(shown, Text("\n".join(lines)))


def inspection_document(each: "Inspection") -> dict[str, Any]:
    """An inspection as JSON values, without its findings."""
    from governance.core.storagelayout import location

    facet = each.facet
    return {
        "facet": facet.reference,
        "network": each.network,
        "address": facet.address,
        "code_hash": to_hex(keccak(facet.code)),
        "code_size": len(facet.code),
        "block": each.head.number,
        "block_hash": to_hex(each.head.hash),
        "ok": not each.findings,
        "routed": [to_hex(selector) for selector in each.selectors],
        "namespaces": {name: hex(location(name)) for name in facet.namespaces},
        "open": list(each.open),
        "unchecked": [{"rule": one.rule, "why": one.why} for one in each.unchecked],
        "notes": list(each.notes),
    }


def _selector(each: "Inspection", selector: bytes) -> str:
    names = (signature for signature, found in each.facet.functions.items() if found == selector)
    return next(names, to_hex(selector))
