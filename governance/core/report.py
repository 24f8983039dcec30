"""The report of a proposal, as a page: what changes and for whom, what agrees to it, what was played, what would undo it.

Made from the proposal, the plans and the rehearsals; the same of these give the same page. What only says when it was played
(blocks, moments) is left out, so that two reports differ where the outcome does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.calltree import Node, tree
from governance.core.difference import Part, value_words
from governance.core.effects import RouteIs
from governance.core.kinds.base import Kind
from governance.core.network import Network
from governance.core.page import (
    Block,
    Branch,
    Flow,
    Listing,
    Page,
    Paragraph,
    Quote,
    Section,
    Tree,
    Verbatim,
    Words,
    grid,
    line,
)
from governance.core.plan import Plan, Step, caller
from governance.core.policy import Rule
from governance.core.power import rows
from governance.core.proposal import Proposal
from governance.core.rehearsal import Rehearsal
from governance.core.scenes import BlockResult
from governance.core.slots import timestamp_slot
from governance.core.units import Bytes32, to_hex
from governance.core.wording import Names, changes, named, signatures_in, with_names

SHORT = 12
"""How many changed values stand open; more are folded away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One network: the plan there, by which rule, and what came of it."""

    network: Network
    plan: Plan
    rule: Rule
    rehearsal: Rehearsal
    names: Names


def report(proposal: Proposal, kind: Kind[Any], played: Sequence[Played]) -> Page:
    """The whole page."""
    document = proposal.document
    head: list[Block] = [
        grid(
            ("", ""),
            [
                ("proposal", Quote(proposal.id)),
                ("kind", Quote(document.kind)),
                ("author, as the file says", Quote(document.author)),
                ("networks", Quote(", ".join(each.network.name for each in played))),
                ("digest", Quote(to_hex(proposal.digest))),
            ],
        ),
        Verbatim(document.summary.strip()),
    ]
    head += [_introduced(proposal)] if document.introduce else []
    sections = [Section(line("What it is"), tuple(head))]
    for each in played:
        sections += _network(proposal, kind, each)
    return Page(line(Quote(document.title)), tuple(sections))


def _introduced(proposal: Proposal) -> Block:
    told = [(Quote(each.name), Quote(each.address), Quote(each.purpose)) for each in proposal.document.introduce]
    return grid(("introduces", "address", "purpose"), told)


def _network(proposal: Proposal, kind: Kind[Any], each: Played) -> Iterator[Section]:
    name = each.network.name
    yield Section(line("On ", Quote(name)), _verdict(each))
    yield _section("What changes", name, _changes(proposal, each))
    yield _section("Who can do what", name, _power(each))
    yield _section("What is called", name, _calls(each))
    yield _section("What to compare", name, _hashes(each))
    yield _section("When, and who agrees", name, _timeline(proposal, each))
    yield _section("What was promised", name, _promises(each))
    yield _section("Every value that changes", name, _values(each), folded=len(each.rehearsal.changes) > SHORT)
    yield _section("What undoes it", name, _rollback(each))
    yield _section("Emergency drill", name, _drill(each))
    yield _section("What it costs", name, _gas(each), folded=True)
    yield _section("What to ask", name, _questions(proposal, kind, each))
    yield _section("What would make it unsafe", name, _pins(proposal, each))
    if each.rehearsal.notes:
        notes = tuple(line(Quote(note)) for note in sorted(each.rehearsal.notes))
        yield _section("What else is to be known", name, (Listing(notes),))


def _section(title: str, network: str, blocks: Sequence[Block], *, folded: bool = False) -> Section:
    return Section(line(f"{title} on ", Quote(network)), tuple(blocks), level=3, folded=folded)


def _verdict(each: Played) -> tuple[Block, ...]:
    findings = each.rehearsal.findings
    if not findings:
        return (Paragraph(line("The whole life was played, and nothing was found that must not be.")),)
    told = [(Quote(finding.rule), Quote(finding.message), Quote(finding.hint)) for finding in findings]
    return (
        Paragraph(line(f"{len(findings)} things were found that must not be.")),
        grid(("rule", "what", "hint"), told),
    )


def _changes(proposal: Proposal, each: Played) -> list[Block]:
    signatures = signatures_in(proposal)
    facets = {pin.address: pin.reference for pin in each.plan.pins.facets}
    names: Names = {**facets, **each.names}
    told = tuple(line(Quote(words)) for words in changes(each.plan, signatures, names))
    blocks: list[Block] = [Listing(told) if told else Paragraph(line("Nothing is promised but what the calls do."))]
    routes = [effect for effect in each.plan.effects if isinstance(effect, RouteIs)]
    if routes and each.plan.pins.target is not None:
        live = {route.selector: route.facet for route in each.plan.pins.target.routes}
        flow = []
        for effect in routes:
            before = live.get(effect.selector)
            was = "not routed" if before is None else named(before, names)
            now = "not routed" if int(effect.facet, 16) == 0 else named(effect.facet, names)
            flow.append((signatures.get(effect.selector, to_hex(effect.selector)), was, now))
        blocks.append(Flow("before", "after", tuple(flow)))
    return blocks


def _power(each: Played) -> tuple[Block, ...]:
    if each.rehearsal.power is None:
        return (Paragraph(line("It could not be read: a step does not pass.")),)
    differing = [row for row in rows(each.rehearsal.power) if row.before is not row.after]
    if not differing:
        return (Paragraph(line("Nobody gains or loses a right.")),)
    told = [
        (
            "gains" if row.after else "loses",
            Quote(named(row.holder, each.names)),
            Quote(f"{row.role} of {named(row.contract, each.names)}"),
            Quote(", ".join(row.allows)),
        )
        for row in differing
    ]
    return (grid(("", "who", "role", "and with it may call"), told),)


def _calls(each: Played) -> tuple[Block, ...]:
    branches = []
    for step in each.plan.steps:
        inside = tuple(_branch(node, each.names) for node in _nodes(each, step))
        tx = step.safe_tx
        by = f"{tx.operation.name} by {named(tx.safe, each.names)} at nonce {tx.nonce}: {step.label}"
        branches.append(Branch(line(Quote(by)), inside))
    return (Tree(tuple(branches)),)


def _nodes(each: Played, step: Step) -> list[tuple[Node, str]]:
    nodes = tree(step.calls, caller=caller(each.plan.lane, each.network))
    return [(node, call.summary) for node, call in zip(nodes, step.calls, strict=True)]


def _branch(given: tuple[Node, str], names: Names) -> Branch:
    node, summary = given
    value = f", {node.value} wei" if node.value else ""
    data = f"{len(node.data)} bytes of data" if node.data else "no data"
    words: list[Words] = [f"{node.operation.name} ", Quote(f"{named(node.to, names)}{value}: {summary}"), f" ({data})"]
    inside = tuple(_branch((each, to_hex(each.selector) if each.data else "a transfer"), names) for each in node.inside)
    return Branch(tuple(words), inside)


def _hashes(each: Played) -> tuple[Block, ...]:
    plan = each.plan
    told: list[tuple[str, Words]] = [("effects", Quote(to_hex(each.rehearsal.effects)))]
    for number, step in enumerate(plan.steps, 1):
        of = f" of step {number}" if len(plan.steps) > 1 else ""
        if step.operation is not None:
            told.append((f"operation id{of}", Quote(to_hex(step.operation.id))))
        told += [
            (f"domain hash{of}", Quote(to_hex(step.safe_tx.domain_hash))),
            (f"message hash{of}", Quote(to_hex(step.safe_tx.message_hash))),
            (f"Safe transaction hash{of}", Quote(to_hex(step.safe_tx.hash))),
        ]
    told.append(("policy", Quote(to_hex(plan.pins.policy_digest))))
    return (grid(("", ""), told),)


def _timeline(proposal: Proposal, each: Played) -> tuple[Block, ...]:
    rule, plan = each.rule, each.plan
    told = [line("Rule ", Quote(rule.id), f" allows it, on the {plan.lane} lane, with a delay of {rule.delay}.")]
    told += [line("It may be proposed by ", Quote(rule.may_propose), ".")]
    for asked in rule.approvals:
        many = "as many as its Safe asks for" if asked.at_least is None else f"at least {asked.at_least}"
        told.append(line("Of ", Quote(asked.role), f" {many} must agree."))
    if rule.grace is not None:
        told.append(line(f"It must be executed within {rule.grace} after it could be."))
    if proposal.document.not_after is not None:
        told.append(line(f"Nothing of it happens after {proposal.document.not_after}."))
    return (Listing(tuple(told)),)


def _promises(each: Played) -> tuple[Block, ...]:
    seen = each.rehearsal.promised
    if not seen:
        return (Paragraph(line("Nothing that could be read afterwards.")),)
    told = [
        ("kept" if one.held else "BROKEN", Quote(with_names(one.effect, each.names)), Quote(one.found)) for one in seen
    ]
    return (grid(("", "promise", "found"), told),)


def _values(each: Played) -> tuple[Block, ...]:
    rehearsal = each.rehearsal
    waiting = {timestamp_slot(step.operation.id) for step in each.plan.steps if step.operation is not None}
    told = []
    for change in rehearsal.changes:
        name = rehearsal.names.get((change.account, change.slot), "") if change.part is Part.STORAGE else ""
        where = f"slot {to_hex(change.slot)}" if change.part is Part.STORAGE else str(change.part)
        before, after = value_words(change.before), value_words(change.after)
        if change.account == each.network.timelock and change.slot in waiting:
            before, after = "waiting", "done"
        elif change.key in rehearsal.moving:
            before = after = "follows from the moment"
        told.append((Quote(named(change.account, each.names)), Quote(name or where), Quote(before), Quote(after)))
    if not told:
        return (Paragraph(line("None.")),)
    return (grid(("account", "what", "before", "after"), told),)


def _rollback(each: Played) -> tuple[Block, ...]:
    reversal = each.rehearsal.reversal
    if reversal is None:
        return (Paragraph(line("No proposal that takes it back was played; see what else is to be known.")),)
    how = "It was played on the state that this one leaves. "
    if not reversal.passes:
        return (Paragraph(line(how, "It does not come to its end.")),)
    left = [line(Quote(words)) for words in reversal.statements]
    left += [line(Quote(f"{named(c.account, each.names)} {c.part} {to_hex(c.slot)}")) for c in reversal.left]
    why = [line(Quote(words)) for words in sorted({words for _, words in reversal.natural})]
    blocks: list[Block] = [Paragraph(line("A proposal of kind ", Quote(reversal.kind), " takes it back. ", how))]
    blocks += [Paragraph(line("This stays different:")), Listing(tuple(left))] if left else []
    blocks += [Paragraph(line("By its nature stays:")), Listing(tuple(why))] if why else []
    return tuple(blocks) if left or why else (*blocks, Paragraph(line("Everything is as it was.")))


def _drill(each: Played) -> tuple[Block, ...]:
    drill = each.rehearsal.drill
    if drill is None:
        return (Paragraph(line("None was held; see what else is to be known.")),)
    words = (
        f"On the state that is left the guardian pauses, {drill.routed} routed calls are tried, the council unpauses."
    )
    return (Paragraph(line(words)), *_acts((*drill.pause, *drill.unpause)))


def _gas(each: Played) -> tuple[Block, ...]:
    return _acts(each.rehearsal.blocks)


def _acts(blocks: Sequence[BlockResult]) -> tuple[Block, ...]:
    """Acts with their gas, in thousands: less says nothing about another block."""
    told = [
        (
            Quote(result.act.label),
            "passes" if result.played.ok else "is refused",
            f"{_thousands(result.played.gas_used)}",
        )
        for block in blocks
        for result in block.acts
    ]
    return (grid(("act", "", "thousand gas"), told),) if told else (Paragraph(line("Nothing was sent.")),)


def _thousands(gas: int) -> int:
    return -(-gas // 1000)


def _questions(proposal: Proposal, kind: Kind[Any], each: Played) -> tuple[Block, ...]:
    asked = kind.questions(proposal.document, each.network, each.plan.pins)
    if not asked:
        return (Paragraph(line("Nothing in particular.")),)
    return (Listing(tuple(line(Quote(with_names(question, each.names))) for question in asked)),)


def _pins(proposal: Proposal, each: Played) -> tuple[Block, ...]:
    pins = each.plan.pins
    told = [line("a policy in force other than ", Quote(to_hex(pins.policy_digest)))]
    codes: Mapping[str, Bytes32] = {
        **{f"{pin.reference} at {pin.address}": pin.code_hash for pin in pins.facets},
        **{named(pin.address, each.names): pin.code_hash for pin in pins.codes},
    }
    told += [
        line("code of ", Quote(what), " other than ", Quote(to_hex(code_hash))) for what, code_hash in codes.items()
    ]
    if pins.target is not None:
        told.append(line("other routes, roles or a pause of ", Quote(named(pins.target.address, each.names))))
    for rule in proposal.document.acknowledge:
        told.append(line("it is acknowledged: ", Quote(rule)))
    return (Paragraph(line("It was agreed to on these facts; gov refuses it under others:")), Listing(tuple(told)))
