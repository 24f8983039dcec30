"""How results look: Rich tables for people, JSON values for tools. It shows what `life` found and decides nothing.

Rich is imported where it is used, since a command with `--json` does not need it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from governance.core.units import to_hex

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.ballot import Ballot
    from governance.core.check import Check
    from governance.core.effects import Seen
    from governance.core.facts import Receipt
    from governance.core.journal import Entry
    from governance.core.plan import Plan
    from governance.core.policy import Policy
    from governance.core.rehearsal import Rehearsal
    from governance.core.scenes import BlockResult
    from governance.core.voting import Voting
    from governance.life.exchange import Exchanged
    from governance.life.verify import Verification
    from governance.life.watch import Sighting, StepSighting

STAGE_STYLES = {
    "executed": "green",
    "ready": "cyan",
    "approved": "cyan",
    "waiting": "yellow",
    "collecting": "yellow",
    "queued": "yellow",
    "drafted": "white",
    "expired": "red",
    "cancelled": "red",
    "displaced": "red",
}


def short(text: str) -> str:
    """An address or hash for a table's cell, the full one being in the JSON; words stay whole."""
    return text if len(text) <= 14 or " " in text else f"{text[:8]}…{text[-4:]}"


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """A spinner on stderr while receipts are awaited; nothing when stderr is no terminal."""
    from rich.console import Console

    with Console(stderr=True).status(f"{words}: waiting for receipts"):
        yield


def table(title: str, *columns: str) -> Any:
    """An empty table in the house style."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def plan(each: "Plan") -> "RenderableType":
    """The derived plan: calls, operation ids and Safe hashes of every step."""
    from rich.console import Group
    from rich.text import Text

    head = Text(
        f"{each.proposal} on {each.network}: rule {each.pins.rule}, {each.lane} lane\n"
        f"  proposal digest  {to_hex(each.digest)}\n"
        f"  policy digest    {to_hex(each.pins.policy_digest)}\n"
        f"  plan checksum    {to_hex(each.checksum)}\n"
        f"  derived at block {each.pins.block_number}"
    )
    parts: list[Any] = [head]
    for index, step in enumerate(each.steps, 1):
        rows = table(f"step {index} of {len(each.steps)}: {step.label}", "call", "to", "bytes")
        for call in step.calls:
            rows.add_row(Text(call.summary), call.to, str(len(call.data)))
        parts.append(rows)
        lines = [f"  safe {step.safe_tx.safe}, nonce {step.safe_tx.nonce}"]
        if step.operation is not None:
            lines.append(f"  operation id     {to_hex(step.operation.id)}  after {step.operation.delay}")
        lines += [
            f"  domain hash      {to_hex(step.safe_tx.domain_hash)}",
            f"  message hash     {to_hex(step.safe_tx.message_hash)}",
            f"  safe tx hash     {to_hex(step.safe_tx.hash)}",
        ]
        parts.append(Text("\n".join(lines)))
    changes = routes(each)
    return Group(*parts, changes) if changes is not None else Group(*parts)


def routes(each: "Plan") -> "RenderableType | None":
    """Live routes before and after, for the selectors that change."""
    from governance.core.effects import RouteIs

    target = each.pins.target
    changed = [effect for effect in each.effects if isinstance(effect, RouteIs)]
    if target is None or not changed:
        return None
    live = {route.selector: route.facet for route in target.routes}
    rows = table(f"routes of {target.address} ({target.generation})", "selector", "before", "after")
    for effect in changed:
        after = "—" if int(effect.facet, 16) == 0 else effect.facet
        rows.add_row(to_hex(effect.selector), live.get(effect.selector, "—"), after)
    return rows  # type: ignore[no-any-return]


def status(rows: Sequence[Mapping[str, Any]]) -> "RenderableType":
    """Stages per proposal and network."""
    from rich.text import Text

    if not rows:
        return Text("there are no proposals: gov new KIND")
    made = table("", "proposal", "network", "stage", "signed", "eta", "next")
    for column in made.columns[:-1]:
        column.no_wrap = True
    made.columns[-1].overflow = "fold"
    for row in rows:
        if row.get("error"):
            made.add_row(Text(row["proposal"]), row["network"], Text("error", style="red"), "", "", Text(row["error"]))
            continue
        step = next((s for s in row["steps"] if s["stage"] == row["stage"]), None)
        signed = "" if step is None else f"{len(step['signed'])} of {step['threshold']}"
        stage = Text(row["stage"], style=STAGE_STYLES[row["stage"]])
        eta = (step or {}).get("eta") or ""
        made.add_row(Text(row["proposal"]), row["network"], stage, signed, eta, row["next"])
    return made  # type: ignore[no-any-return]


def sighting_document(sighting: "Sighting") -> dict[str, Any]:
    """A sighting as JSON values."""
    from governance.core.stage import ACTIONS

    return {
        "proposal": sighting.proposal,
        "network": sighting.network,
        "stage": str(sighting.stage),
        "next": ACTIONS[sighting.stage],
        "block": sighting.head.number,
        "block_hash": to_hex(sighting.head.hash),
        "now": str(sighting.head.timestamp),
        "steps": [_step_document(step) for step in sighting.steps],
    }


def _step_document(step: "StepSighting") -> dict[str, Any]:
    operation = step.step.operation
    return {
        "label": step.step.label,
        "stage": str(step.stage),
        "safe": step.step.safe_tx.safe,
        "nonce": step.step.safe_tx.nonce,
        "safe_tx_hash": to_hex(step.step.safe_tx.hash),
        "operation_id": None if operation is None else to_hex(operation.id),
        "eta": None if step.eta is None else str(step.eta),
        "signed": sorted(step.quorum.signed),
        "threshold": step.quorum.threshold,
    }


def quorum(sighting: "Sighting", policy: "Policy") -> "RenderableType":
    """Who signed, who is missing, what is wrong."""
    from rich.console import Group
    from rich.text import Text

    names = {address: name for name, address in policy.members.items()}
    parts: list[Any] = []
    for step in sighting.steps:
        title = f"{sighting.proposal} on {sighting.network}: {step.step.label}, nonce {step.step.safe_tx.nonce}"
        rows = table(title, "owner", "address", "signed")
        for voting in step.voting.everywhere():
            for owner in voting.safe.owners:
                owned = "" if not voting.path else f"of {names.get(voting.safe.address, voting.safe.address)}: "
                rows.add_row(owned + names.get(owner, ""), owner, "yes" if owner in voting.quorum.signed else "—")
        parts.append(rows)
        for voting in step.voting.everywhere():
            what = f"of the owner {voting.safe.address}" if voting.path else "needed"
            parts.append(Text(f"  {len(voting.quorum.signed)} of {voting.quorum.threshold} {what}"))
        parts += [Text(f"  {finding}", style="red") for finding in step.voting.findings]
    return Group(*parts) if parts else Text(f"{sighting.proposal} is not locked on {sighting.network}")


def quorum_document(sighting: "Sighting") -> dict[str, Any]:
    """Signatures as JSON values."""
    document = sighting_document(sighting)
    for entry, step in zip(document["steps"], sighting.steps, strict=True):
        entry["missing"] = sorted(set(sighting.safe.owners) - set(step.quorum.signed))
        entry["refused"] = [{"rule": f.rule, "message": f.message} for f in step.voting.findings]
        entry["inside"] = [_inside_document(each) for each in step.voting.everywhere() if each.path]
    return document


def _inside_document(voting: "Voting") -> dict[str, Any]:
    """A Safe that owns the one that acts, or one of its owners, and who of its own people has signed."""
    return {
        "safe": voting.safe.address,
        "through": [level.safe for level in voting.path],
        "signed_hash": to_hex(voting.what.hash),
        "signed": sorted(voting.quorum.signed),
        "threshold": voting.quorum.threshold,
        "missing": sorted(set(voting.safe.owners) - set(voting.quorum.signed)),
    }


def exchanged(way: str, each: "Exchanged") -> "RenderableType":
    """What a Safe service gave or was given."""
    from rich.text import Text

    who = ", ".join(each.moved) or "nothing new"
    lines = [f"{way} the Safe service of {each.network}: {who}", *(f"  {finding}" for finding in each.findings)]
    return Text("\n".join(lines), style="red" if each.findings else "")


def exchange_document(way: str, each: "Exchanged") -> dict[str, Any]:
    """The same as JSON values; `way` is `from` or `to`."""
    findings = [{"rule": finding.rule, "message": finding.message} for finding in each.findings]
    return {"network": each.network, "way": way, "owners": list(each.moved), "findings": findings}


def ballot_document(ballot: "Ballot") -> dict[str, Any]:
    """A signature as JSON values."""
    return {
        "proposal": ballot.proposal,
        "network": ballot.network,
        "signer": ballot.signer,
        "nonce": ballot.nonce,
        "safe_tx_hash": to_hex(ballot.safe_tx_hash),
        "signature": to_hex(ballot.signature),
        "through": [level.safe for level in ballot.through],
        "signed_hash": to_hex(ballot.signed_hash),
    }


def receipt_document(words: str, receipt: "Receipt") -> dict[str, Any]:
    """A mined act as JSON values."""
    return {"act": words, "tx_hash": to_hex(receipt.tx_hash), "block": receipt.block, "gas_used": receipt.gas_used}


def verification(each: "Verification") -> "RenderableType":
    """Every promise and what became of it."""
    from rich.text import Text

    sighting = each.sighting
    made = table(f"{sighting.proposal} on {sighting.network}: {sighting.stage}", "", "promised", "found")
    for seen in each.seen:
        made.add_row(Text("✓" if seen.held else "✗", style="green" if seen.held else "red"), seen.effect, seen.found)
    return made  # type: ignore[no-any-return]


def verification_document(each: "Verification") -> dict[str, Any]:
    """A verification as JSON values."""
    return {**sighting_document(each.sighting), "ok": each.ok, "promises": [seen_document(seen) for seen in each.seen]}


def seen_document(seen: "Seen") -> dict[str, Any]:
    """A promise as JSON values."""
    return {"effect": seen.effect, "held": seen.held, "found": seen.found}


def history(entries: "Sequence[Entry]") -> "RenderableType":
    """The journal's notes."""
    from rich.text import Text

    made = table("", "#", "when", "what", "network", "detail")
    for entry in entries:
        detail = ", ".join(f"{key} {short(value)}" for key, value in entry.subject.items())
        made.add_row(str(entry.sequence), str(entry.at), entry.kind, entry.network, Text(detail))
    return made  # type: ignore[no-any-return]


def entry_document(entry: "Entry") -> dict[str, Any]:
    """A journal entry as JSON values."""
    return {
        "sequence": entry.sequence,
        "at": str(entry.at),
        "kind": entry.kind,
        "proposal": entry.proposal,
        "network": entry.network,
        "subject": dict(entry.subject),
        "hash": to_hex(entry.hash),
    }


def checks(made: "Sequence[Check]") -> "RenderableType":
    """The doctor's answers."""
    from rich.text import Text

    rows = table("", "", "check", "answer")
    for check in made:
        mark = Text("✓", style="green") if check.ok else Text("✗", style="red")
        answer = check.answer + (f"\nhint: {check.hint}" if check.hint else "")
        rows.add_row(mark, Text(check.question), Text(answer))
    return rows  # type: ignore[no-any-return]


def check_document(check: "Check") -> dict[str, Any]:
    """A doctor's answer as JSON values."""
    return {"question": check.question, "ok": check.ok, "answer": check.answer, "hint": check.hint}


def rehearsal(each: "Rehearsal") -> "RenderableType":
    """The blocks that were played, what would be promised and kept, and every changed word."""
    from rich.console import Group
    from rich.text import Text

    blocks = table(
        f"{each.proposal} on {each.network}, rehearsed on block {each.head.number}", "", "at", "act", "gas", ""
    )
    for block in each.blocks:
        for result in block.acts:
            mark = Text("✓", style="green") if result.as_it_must else Text("✗", style="red")
            came = "passes" if result.played.ok else f"reverts: {result.played.reason}"
            blocks.add_row(mark, str(block.moment), Text(result.act.label), f"{result.played.gas_used:,}", Text(came))
    seen = table("promises", "", "promised", "would be found")
    for one in each.promised:
        mark = Text("✓", style="green") if one.held else Text("✗", style="red")
        seen.add_row(mark, Text(one.effect), Text(one.found))
    changes: list[tuple[str, str]] = []
    for change in each.changes:
        name = each.names.get((change.account, change.slot), "") or f"slot {to_hex(change.slot)}"
        what = name if change.part == "storage" else str(change.part)
        title = [] if changes and changes[-1][0] == change.account else [f"changes of {change.account}"]
        values = f"    {_value(change.before)} → {_value(change.after)}"
        changes.append((change.account, "\n".join([*title, f"  {what}", values])))
    digest = [f"digest of the effects  {to_hex(each.effects)}"] if changes else []
    return Group(blocks, seen, Text("\n".join([*(text for _, text in changes), *digest])))


def _value(raw: bytes) -> str:
    """A word, zero in short; a code by its length."""
    if len(raw) != 32:
        return f"{len(raw):,} bytes of code"
    return to_hex(raw) if any(raw[:16]) else hex(int.from_bytes(raw, "big"))


def rehearsal_document(each: "Rehearsal") -> dict[str, Any]:
    """A rehearsal as JSON values, without its findings."""
    from governance.core.difference import difference_document

    return {
        "proposal": each.proposal,
        "network": each.network,
        "lane": str(each.lane),
        "locked": each.locked,
        "checksum": to_hex(each.checksum),
        "block": each.head.number,
        "block_hash": to_hex(each.head.hash),
        "now": str(each.head.timestamp),
        "ok": not each.findings,
        "blocks": [block_document(block) for block in each.blocks],
        "promises": [seen_document(seen) for seen in each.promised],
        "changes": difference_document(each.changes, each.names),
        "changes_digest": to_hex(each.digest),
        "effects": to_hex(each.effects),
        "notes": list(each.notes),
    }


def block_document(block: "BlockResult") -> dict[str, Any]:
    """One block and its acts as JSON values."""
    acts = [
        {
            "act": result.act.label,
            "from": result.act.sent.sender,
            "to": result.act.sent.call.to,
            "data": to_hex(result.act.sent.call.data),
            "value": str(result.act.sent.call.value),
            "must_pass": result.act.must_pass,
            "passes": result.played.ok,
            "reason": result.played.reason,
            "gas_used": result.played.gas_used,
        }
        for result in block.acts
    ]
    return {"time": str(block.moment), "acts": acts}
