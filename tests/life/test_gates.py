"""One engine, four gates: what a policy refuses is refused in review, at locking, signing, queueing and executing, always by
the same rule. On the simulator and on a real node. threat_52"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from governance.core.call import encode_call, function
from governance.core.errors import Finding, Refused
from governance.core.keccak import keccak
from governance.core.stage import Stage
from governance.core.units import Moment, to_hex
from governance.life.locked import open_lock
from governance.life.review import review
from tests import simulator, simulator_contracts
from tests.life.test_approvals import SECURITY, asking
from tests.life.test_life_scenarios import HEAD, ONE, SET_FEE, SWAP, TWO
from tests.life.test_policy_between import node, text_of  # noqa: F401 - a fixture
from tests.sites import DAY, DELAY, Devnet, Place, on_anvil, rules, simulated

Anchor = Callable[[str], None]
"""Puts the text of a policy in force at once, beside the timelock, whose nonces stay as they are."""


@pytest.fixture(params=["simulator", pytest.param("anvil", marks=pytest.mark.node)])
def council(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Place, Anchor]]:
    with ExitStack() as stack:
        if request.param == "simulator":
            place, at = simulated(tmp_path), None
        else:
            at = request.getfixturevalue("node")
            place = stack.enter_context(on_anvil(at, tmp_path))
        yield place, partial(anchor, place, at)


def anchor(place: Place, at: Devnet | None, text: str) -> None:
    place.space.policy_file.write_text(text, "utf-8")
    digest, where = place.space.policy().digest, place.site.network.policy_anchor
    if at is None:
        chain = place.site.chain
        assert isinstance(chain, simulator.Chain)
        kept = chain.account(where, chain.head())
        assert isinstance(kept, simulator_contracts.Anchor)
        chain.place(simulator_contracts.Anchor(where, kept.code, kept.timelock, digest))
    else:
        at.ask("anvil_setStorageAt", where, to_hex(bytes(32)), to_hex(digest))
        at.ask("evm_mine")


RULE = "upgrades-are-slow"
ANY = "    calls: any\n"
LISTED = '    calls: [{{to: [target], function: "setFee(uint256)"{}}}]\n'
BOOK = "networks:\n  devnet:\n"
ALIKE = "0x1111111122222222222222222222222222222222"
SOMEBODY = "0x" + "11" * 20
GRANT = to_hex(encode_call(function("grantRole(bytes32,address)"), [bytes(32), SOMEBODY]))
HIDDEN = HEAD.format(kind="contract_call") + (
    f'calls:\n  - to: target\n    function: "multicall(bytes[])"\n    args: [["{GRANT}"]]\n'
    f'introduce: [{{address: "{SOMEBODY}", name: somebody, purpose: "Gets a role that nobody sees"}}]\n'
)
PAID = SET_FEE.replace('    args: ["40"]\n', '    args: ["40"]\n    value: 5\n')


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A proposal, and two policies in the words of the one that ships: one allows it, the other does not."""

    text: str
    allows: tuple[tuple[str, str], ...] = ()
    refuses: tuple[tuple[str, str], ...] = ()
    rule: str = RULE
    gates: tuple[str, ...] = ("lock", "check", "sign", "queue", "execute")
    """Where it is refused; people may read and sign at any hour, and approve until something is sent."""


SENDING = ("queue", "execute")
DELAYED = "    delay: 48 h\n    # A ready"
APART = "    approval_lifetime: 30 d\n    separate: [security, audit]\n"
VIOLATIONS = {
    "a freeze": Violation(
        text=SWAP, refuses=((DELAYED, f"    freeze: [{{from: 2020-01-01, to: 2199-01-01}}]\n{DELAYED}"),)
    ),
    "an office that is closed": Violation(
        text=SWAP,
        refuses=((DELAYED, f'    office_hours: {{zone: UTC, days: [@DAY@], from: "00:00", to: "23:59"}}\n{DELAYED}'),),
        gates=("check", *SENDING),
    ),
    "a role that has not approved": Violation(text=SWAP, refuses=SECURITY, gates=SENDING),
    "a role that has not seen it": Violation(
        text=SWAP,
        refuses=asking("{role: security, at_least: 1}", then="    approval_lifetime: 30 d\n    visible: 24 h\n"),
        gates=SENDING,
    ),
    "a role among those who signed": Violation(
        text=SWAP, refuses=asking("{role: security, at_least: 1, among: council}", then=""), gates=SENDING
    ),
    "two roles for which there are too few beside the author": Violation(
        text=SWAP,
        refuses=(
            *asking("{role: security, at_least: 1}", "{role: audit, at_least: 1}", then=APART),
            ("security: [frank, grace]", "security: [alice, frank]"),
            ("audit: [grace, heidi]", "audit: [alice, frank]"),
        ),
    ),
    "no rule for the kind": Violation(
        text=SET_FEE, refuses=((" contract_call,", ""), (ANY, "")), rule="deny-by-default"
    ),
    "an author without the role": Violation(text=SWAP, refuses=(("author: [alice, bob, carol]", "author: [bob, carol]"),)),
    "an author who left": Violation(
        text=SWAP,
        refuses=(
            ("author: [alice, bob, carol]", "author: [bob, carol]"),
            ('  alice: {address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}\n', ""),
        ),
    ),
    "another lane": Violation(
        text=SWAP,
        allows=(("manifest_upgrade, contract_call, proxy_upgrade, unpause", "manifest_upgrade"), (ANY, "")),
        refuses=(
            ("manifest_upgrade, contract_call, proxy_upgrade, unpause", "manifest_upgrade"),
            (ANY, ""),
            ("    via: timelock\n    # From", "    via: council\n    # From"),
            ("    delay: 48 h\n", "    delay: 0 s\n"),
            ("still take it.\n    grace: 14 d\n", "still take it.\n"),
        ),
    ),
    "a function that is not listed": Violation(
        text=SET_FEE, refuses=((ANY, '    calls: [{to: [target], function: "setCap(uint256)"}]\n'),)
    ),
    "an argument that is too large": Violation(
        text=SET_FEE, refuses=((ANY, LISTED.format(", where: [{argument: 0, less: 40}]")),)
    ),
    "more than the allowance": Violation(
        text=SET_FEE, refuses=((ANY, LISTED.format(", allowance: {argument: 0, at_most: 39, per: 30 d}")),)
    ),
    "wei": Violation(
        text=PAID,
        allows=((ANY, ANY + "    value_at_most: 5\n"),),
        refuses=((ANY, ANY + "    value_at_most: 4\n"),),
    ),
    "an account that left the address book": Violation(
        text=SET_FEE + f'  - {{balance: "{SOMEBODY}", changes_by: 0}}\n',
        allows=((BOOK, f'addresses:\n  vault: {{address: "{SOMEBODY}", purpose: Holds the fees}}\n{BOOK}'),),
        rule="address-unknown",
    ),
    "an account that looks like another one": Violation(
        text=SET_FEE + f'  - {{balance: "{SOMEBODY}", changes_by: 0}}\n'
        f'introduce: [{{address: "{SOMEBODY}", name: somebody, purpose: "Has its place elsewhere"}}]\n',
        refuses=((BOOK, f'addresses:\n  vault: {{address: "{ALIKE}", purpose: Holds the fees}}\n{BOOK}'),),
        rule="address-lookalike",
    ),
    "a role granted inside of another call": Violation(
        text=HIDDEN, allows=((ANY, ANY + "    risk: constitutional\n"),), refuses=()
    ),
}  # fmt: skip


def policy(given: str, edits: tuple[tuple[str, str], ...], at: Moment) -> str:
    for old, new in edits:
        assert old in given, old
        given = given.replace(old, new)
    other_day = datetime.fromtimestamp(at.seconds + 4 * DAY, UTC)
    return given.replace("@DAY@", other_day.strftime("%a").lower())


def refused(act: Callable[[], object]) -> tuple[Finding, ...]:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.findings


def reviewed(place: Place) -> tuple[Finding, ...]:
    space = place.space
    (made,) = review(
        [ONE],
        policy=space.policy(),
        read=space.proposal,
        open_lock=lambda name, network: open_lock(space, name, network),
        at=place.site.chain.head().timestamp,
    )
    return made.findings


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_same_violation_is_refused_at_every_gate_by_the_same_rule(name: str, council: tuple[Place, Anchor]) -> None:
    place, comes_into_force = council
    if name == "wei" and isinstance(place.site.chain, simulator.Chain):
        pytest.skip("the simulator moves no ether")
    violation, shipped = VIOLATIONS[name], text_of(place)
    at = place.site.chain.head().timestamp
    allows, refuses = policy(shipped, violation.allows, at), policy(shipped, violation.refuses, at)
    place.write(ONE, violation.text)
    found: dict[str, tuple[Finding, ...]] = {}

    def under(text: str) -> None:
        if text_of(place) != text:
            comes_into_force(text)

    def tried(gate: str, act: Callable[[], object]) -> None:
        if gate in violation.gates:
            under(refuses)
            found[gate] = refused(act)
            under(allows)

    under(allows)
    tried("lock", lambda: place.lock(ONE))
    place.lock(ONE)
    if "check" in violation.gates:
        under(refuses)
        found["check"] = reviewed(place)
        under(allows)
    tried("sign", lambda: place.sign(ONE, "alice"))
    place.sign(ONE, "alice", "bob", "carol")
    tried("queue", lambda: place.queue(ONE))
    place.queue(ONE)
    place.warp(DELAY)
    assert place.stage(ONE) is Stage.READY
    tried("execute", lambda: place.execute(ONE))
    assert tuple(found) == violation.gates
    for gate, findings in found.items():
        assert violation.rule in {each.rule for each in findings}, gate
    said = [{each.message for each in findings if each.rule == violation.rule} for findings in found.values()]
    assert set.intersection(*said) or name in {"a freeze", "an office that is closed"}, said  # these name the moment


def test_an_allowance_is_spent_by_what_was_done_and_by_what_waits(council: tuple[Place, Anchor]) -> None:
    place, comes_into_force = council
    limited = LISTED.format(", allowance: {argument: 0, at_most: 100, per: 30 d}")
    comes_into_force(text_of(place).replace(ANY, limited))
    three = "0003-three"
    place.executed(ONE, SET_FEE)
    place.queued(TWO, SET_FEE.replace("40", "41"))
    place.write(three, SET_FEE.replace("40", "42"))
    assert [f.rule for f in refused(lambda: place.lock(three))] == [RULE]
    place.write(three, SET_FEE.replace("40", "19"))
    place.lock(three)
    place.warp(31 * DAY)
    assert place.stage(TWO) is Stage.EXPIRED
    place.write(three, SET_FEE.replace("40", "42"))
    place.lock(three)  # what was executed is long ago; what waits still counts
    place.write(three, SET_FEE.replace("40", "60"))
    assert [f.rule for f in refused(lambda: place.lock(three))] == [RULE]
    assert rules(Refused("x", findings=refused(lambda: place.lock(three)))) == [RULE]


def test_the_third_within_the_time_is_refused_at_every_gate_with_a_chain_and_executed_after_it(
    council: tuple[Place, Anchor],
) -> None:
    place, comes_into_force = council
    free = text_of(place)
    limited = free.replace(ANY, LISTED.format(", allowance: {argument: 0, at_most: 100, per: 5 d}"))
    three, found = "0003-three", {}
    place.executed(ONE, SET_FEE)
    place.executed(TWO, SET_FEE.replace("40", "41"))
    comes_into_force(limited)
    place.write(three, SET_FEE.replace("40", "42"))
    found["lock"] = refused(lambda: place.lock(three))
    comes_into_force(free)
    place.lock(three)
    comes_into_force(limited)
    assert [each.rule for each in reviewed(place) if each.rule == RULE] == []  # a file alone knows no ledger
    found["sign"] = refused(lambda: place.sign(three, "alice"))
    comes_into_force(free)
    place.sign(three, "alice", "bob", "carol")
    comes_into_force(limited)
    found["queue"] = refused(lambda: place.queue(three))
    comes_into_force(free)
    place.queue(three)
    place.warp(DELAY)
    comes_into_force(limited)
    found["execute"] = refused(lambda: place.execute(three))
    said = {gate: {each.message for each in findings if each.rule == RULE} for gate, findings in found.items()}
    words = f"42 more would make 123 within 5 d, rule {RULE} allows 100"
    assert said == {gate: {words} for gate in ("lock", "sign", "queue", "execute")}
    place.warp(DAY + 1)  # the first is five days old now
    place.execute(three)
    assert place.stage(three) is Stage.EXECUTED


PROPOSER = to_hex(keccak(b"PROPOSER_ROLE"))


def taking(place: Place, *, hidden: bool) -> str:
    """The last proposer's right is revoked: by a call of the timelock, or by one within a call."""
    network = place.site.network
    revoke = encode_call(function("revokeRole(bytes32,address)"), [bytes.fromhex(PROPOSER[2:]), network.council])
    if not hidden:
        call = f'to: "{network.timelock}"\n    function: "revokeRole(bytes32,address)"\n'
        return HEAD.format(kind="contract_call") + f'calls:\n  - {call}    args: ["{PROPOSER}", "{network.council}"]\n'
    call = 'to: target\n    function: "aggregate3((address,bool,bytes)[])"\n'
    return HEAD.format(kind="contract_call") + (
        f'calls:\n  - {call}    args: [[["{network.timelock}", "true", "{to_hex(revoke)}"]]]\n'
    )


@pytest.mark.node
def test_nobody_locks_a_call_that_takes_the_last_proposer_unless_it_is_named(
    node: Devnet,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    """threat_28: wherever the call stands, and although the policy lets everything be called."""
    with on_anvil(node, tmp_path) as place:
        takes_the_last_proposer(place, partial(anchor, place, node))


def takes_the_last_proposer(place: Place, comes_into_force: Anchor) -> None:
    comes_into_force(text_of(place).replace(ANY, ANY + "    risk: constitutional\n"))
    place.write(ONE, taking(place, hidden=False))
    assert [each.rule for each in refused(lambda: place.lock(ONE))] == ["governance-call"]
    hidden = taking(place, hidden=True)
    place.write(ONE, hidden)
    (finding,) = refused(lambda: place.lock(ONE))
    assert (finding.rule, finding.path) == ("timelock-last-proposer", "calls[0].aggregate3")
    assert finding.place is not None
    assert finding.place.line == 1 + hidden[: hidden.index("to: target")].count("\n")
    place.write(ONE, hidden + "acknowledge: [timelock-last-canceller]\n")
    assert rules(Refused("x", findings=refused(lambda: place.lock(ONE)))) == [
        "timelock-last-proposer",
        "acknowledged-in-vain",
    ]
    place.write(ONE, hidden + "acknowledge: [timelock-last-proposer]\n")
    planned = place.lock(ONE).plan
    (pinned,) = planned.pins.governance.roles
    assert (pinned.contract, to_hex(pinned.role)) == (place.site.network.timelock, PROPOSER)
    assert pinned.holders == (place.site.network.council,)
    place.sign(ONE, "alice")  # what is named is for the owners to decide
    assert place.stage(ONE) is Stage.COLLECTING
