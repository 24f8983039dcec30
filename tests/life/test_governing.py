"""Who may do what, on real contracts: what a proposal would let somebody do alone or at once is found before it is signed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, GRANT, PROPOSER
from governance.core.call import Call, encode_call
from governance.core.check import Check
from governance.core.errors import Refused
from governance.core.facts import Generation
from governance.core.kinds.upgrade import COMMIT_ROOT
from governance.core.operation import Operation
from governance.core.power import BYPASS, SINGLE_KEY, STOP, paths, rows_of, unknown
from governance.core.rehearsal import Rehearsal
from governance.core.rolegraph import ANYONE, Nature
from governance.core.units import ZERO_WORD, Address, Duration
from governance.life.audit import examine
from governance.life.electors import signed_by
from governance.life.governing import graph_at
from tests import sites
from tests.life.test_kind_scenarios import Body, document
from tests.life.test_owner_safes import safe_of
from tests.life.test_simulate import SWAP, deploy, hostile, rehearsed, set_fee, spoken
from tests.sites import DELAY, Devnet, Options, Place, people, rules

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("governing")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def key(name: str) -> Address:
    return people()[name].address


def granting(account: Address, *roles: str, on: str = "target") -> Body:
    return {"kind": "role_change", "changes": [{"on": on, "grant": role, "account": account} for role in roles]}


def differences(found: Rehearsal) -> list[tuple[Address, str, Address, bool]]:
    """Who gains (or loses) what."""
    assert found.power is not None
    return [(row.holder, row.role, row.contract, row.after) for row in found.power.differences]


@pytest.mark.parametrize("generation", Generation)
def test_as_it_is_handed_over_one_key_reaches_nothing_and_the_deployer_holds_nothing(
    generation: Generation, node: Devnet, tmp_path: Path
) -> None:
    """threat_28, threat_53"""
    with sites.on_anvil(node, tmp_path, Options(generation=generation)) as place:
        graph = graph_at(place.site, place.site.chain.head())
        assert (paths(graph), unknown(graph)) == ((), ())
        assert key("deployer") not in graph.accounts
        network = place.site.network
        natures = {each: graph.accounts[each].nature for each in (network.council, network.guardian, network.timelock)}
        assert list(natures.values()) == [Nature.SAFE, Nature.SAFE, Nature.TIMELOCK]
        assert all(graph.accounts[key(name)].nature is Nature.KEY for name in ("alice", "heidi"))
        held = {row.holder for row in rows_of(graph) if row.contract == network.target}
        assert held == {network.timelock} | ({network.guardian} if generation is not Generation.DIAMOND else set())


@pytest.mark.parametrize("generation", [Generation.OURS, Generation.DIAMOND])
def test_a_swap_of_facets_changes_nothing_of_it(generation: Generation, node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, Options(generation=generation)) as place:
        found = rehearsed(place, node, SWAP)
        assert found.power is not None
        assert (found.findings, differences(found), found.power.becomes) == ((), [], ())


def test_a_key_that_would_commit_and_apply_is_found_and_really_needs_nobody(place: Place, node: Devnet) -> None:
    """threat_28, threat_52: it was promised, so that nothing else speaks against it."""
    dave, target = key("dave"), place.site.network.target
    found = rehearsed(place, node, granting(dave, "COMMIT_ROLE", "APPLY_ROLE"))
    assert spoken(found.findings) == [SINGLE_KEY, BYPASS]
    assert found.findings[0].message == (
        f"once this is executed, the key {dave} alone can change the code of the target: with COMMIT_ROLE and APPLY_ROLE "
        "of the target"
    )
    with pytest.raises(Refused) as caught:
        found.require()
    assert rules(caught.value) == [SINGLE_KEY, BYPASS]
    assert differences(found) == [(dave, "APPLY_ROLE", target, True), (dave, "COMMIT_ROLE", target, True)]
    place.timelock_does(*((target, GRANT.signature, [role, dave]) for role in (COMMIT, APPLY)))
    data = encode_call(COMMIT_ROOT, [b"\x01" * 32, 2])
    assert place.account("dave").send(Call(to=target, data=data), purpose="at once").status == 1


def test_a_safe_behind_a_role_is_opened_and_a_quorum_only_goes_around_the_delay(place: Place, node: Devnet) -> None:
    """threat_28"""
    target = place.site.network.target
    two = safe_of(place, 2, key("dave"), key("erin"), key("frank"))
    assert spoken(rehearsed(place, node, granting(two, "DEFAULT_ADMIN_ROLE")).findings) == [BYPASS]
    one = safe_of(place, 1, key("dave"), key("erin"))
    found = rehearsed(place, node, granting(one, "DEFAULT_ADMIN_ROLE"), "0002-two")
    assert spoken(found.findings) == [SINGLE_KEY, SINGLE_KEY, BYPASS]
    assert found.power is not None
    assert [(row.holder, row.is_a) for row in found.power.differences if row.contract == target] == [
        (one, "Safe, 1 of 2")
    ]
    by_the_timelock = safe_of(place, 1, place.site.network.timelock)
    assert rehearsed(place, node, granting(by_the_timelock, "DEFAULT_ADMIN_ROLE"), "0003-three").findings == ()


def test_what_an_innocent_call_gives_away_is_found_with_what_follows(place: Place, node: Devnet) -> None:
    """threat_52: the contract with the admin's right is there before: a note of the proposal, no finding."""
    heidi = key("heidi")
    giver = hostile(place, node, GRANT.signature, ADMIN, heidi)
    found = rehearsed(place, node, set_fee(giver, expect=[]))
    assert spoken(found.findings) == ["role-gained", SINGLE_KEY, BYPASS]
    assert [heidi in finding.message for finding in found.findings] == [True] * 3
    assert [note.startswith("as before") for note in found.notes if giver in note] == [True, False]
    assert any(note.startswith(f"the contract {giver} (contract of unknown rules)") for note in found.notes)


def test_a_proposer_is_enough_where_anyone_executes(place: Place, node: Devnet) -> None:
    """threat_28"""
    body = {"kind": "timelock_change", "changes": [{"grant": "PROPOSER_ROLE", "account": key("dave")}]}
    (found,) = rehearsed(place, node, body).findings
    assert (found.rule, "as proposer of the timelock, after its delay of 48 h" in found.message) == (SINGLE_KEY, True)


def test_a_module_that_nobody_knows_is_as_good_as_a_key(place: Place, node: Devnet) -> None:
    """threat_39"""
    module = deploy(node, "Sink")
    found = rehearsed(place, node, {"kind": "council_change", "enable_module": module})
    assert spoken(found.findings) == [SINGLE_KEY]
    assert f"the contract {module} alone can" in found.findings[0].message


def test_a_key_that_could_stop_the_system_is_a_note(place: Place, node: Devnet) -> None:
    """threat_53"""
    found = rehearsed(place, node, granting(key("dave"), "EMERGENCY_ROLE"))
    assert found.findings == ()
    assert found.notes[0].startswith(f"once this is executed, the key {key('dave')} alone can stop the target")


def test_a_fallback_handler_lets_anyone_speak_for_the_council(place: Place, node: Devnet) -> None:
    """threat_39: that it is so is shown by a stranger who proposes."""
    council, timelock = place.site.network.council, place.site.network.timelock
    body = {"kind": "council_change", "set_fallback_handler": timelock}
    found = rehearsed(place, node, body)
    assert spoken(found.findings) == [SINGLE_KEY]
    assert "anyone alone can change the code of the target" in found.findings[0].message
    place.council_sends("setFallbackHandler(address)", timelock)
    grant = Call(to=place.site.network.target, data=encode_call(GRANT, [ADMIN, key("dave")]), summary="")
    operation = Operation(
        timelock=timelock, calls=(grant,), predecessor=ZERO_WORD, salt=ZERO_WORD, delay=Duration(DELAY)
    )
    proposed = Call(to=council, data=operation.schedule().data, summary="a stranger proposes")
    place.account("executor").send(proposed, purpose="a stranger proposes")
    (state,) = place.site.timelock.operations([operation.id], place.site.chain.head())
    assert state.timestamp > 1
    (found_now,) = [path for path in paths(graph_at(place.site, place.site.chain.head())) if path.rule == SINGLE_KEY]
    assert found_now.start == (ANYONE,)


def test_a_key_that_lends_itself_to_code_is_told_from_a_contract(place: Place, node: Devnet) -> None:
    """threat_41"""
    dave, lent = key("dave"), deploy(node, "Sink")
    place.timelock_does((place.site.network.target, GRANT.signature, [ADMIN, dave]))
    place.set_code(dave, bytes.fromhex("ef0100" + lent[2:]))
    graph = graph_at(place.site, place.site.chain.head())
    assert (graph.accounts[dave].nature, graph.accounts[dave].delegate) == (Nature.KEY, lent)
    assert {path.rule for path in paths(graph)} == {SINGLE_KEY, BYPASS}
    assert unknown(graph) == (
        f"the key {dave} (key that runs the code of {lent}): DEFAULT_ADMIN_ROLE of the target, owner of the council",
    )


# ---- the doctor -------------------------------------------------------------------------------------------------------


def asked(place: Place) -> dict[str, Check]:
    return {each.question: each for each in examine(place.site, place.space.policy(), wall_clock=None)}


def test_the_doctor_fails_what_a_rehearsal_only_notes(place: Place, node: Devnet) -> None:
    """threat_28"""
    network, dave, sink = place.site.network, key("dave"), deploy(node, "Sink")
    before = asked(place)
    assert before["no single key reaches an upgrade"].ok
    assert before["every upgrade waits in the timelock"].ok
    assert before["what one key alone can stop"].answer == "nothing"
    assert "whose rules are not known here" not in before
    place.timelock_does(
        *((network.target, GRANT.signature, [role, dave]) for role in (COMMIT, APPLY)),
        (network.timelock, GRANT.signature, [CANCELLER, dave]),
        (network.timelock, GRANT.signature, [PROPOSER, sink]),
    )
    after = asked(place)
    for question in ("no single key reaches an upgrade", "every upgrade waits in the timelock"):
        assert (after[question].ok, dave in after[question].answer, bool(after[question].hint)) == (False, True, True)
    assert dave in after["what one key alone can stop"].answer
    assert sink in after["whose rules are not known here"].answer
    found = rehearsed(place, node, set_fee())
    assert found.findings == ()
    assert sum(note.startswith("as before, the key") for note in found.notes) == 3
    assert found.power is not None
    _, standing = found.power.compared()
    assert {path.rule for path in standing} == {SINGLE_KEY, BYPASS, STOP}


def test_the_doctor_looks_behind_the_owners(place: Place) -> None:
    """threat_34, threat_40, threat_41: a lent key, an owner Safe, and a guardian who shares an owner with it."""
    assert not [each for each in examine(place.site, place.space.policy(), wall_clock=None) if not each.ok]
    inner = safe_of(place, 1, key("alice"), key("frank"))
    place.council_sends("addOwnerWithThreshold(address,uint256)", inner, 3)
    place.set_code(key("erin"), bytes.fromhex("ef0100" + place.site.network.target[2:]))
    after = asked(place)
    assert after["owners of the council that are Safes"].answer == f"{inner}: 1.4.1, 1 of 2"
    assert [each.question for each in after.values() if not each.ok] == [
        "no key of the council lends itself to code",
        "nobody speaks twice in the council",
    ]
    assert f"({key('alice')}) on 2 ways" in after["nobody speaks twice in the council"].answer
    assert key("frank") in after["the guardian can stop the council without anybody who sits in both"].answer


def test_the_doctor_names_owners_whose_signature_nobody_has_seen(place: Place) -> None:
    question = "owners of the council of whom no signature is known here"
    assert question not in asked(place)
    place.write("0001-swap", document(SWAP))
    place.lock("0001-swap")
    place.sign("0001-swap", "alice", "bob", "carol")
    known = signed_by(place.space, ())
    found = examine(place.site, place.space.policy(), wall_clock=None, signed=lambda: known)
    (note,) = (each for each in found if each.question == question)
    assert note.ok
    assert {name for name in ("alice", "bob", "carol", "dave", "erin") if key(name) in note.answer} == {"dave", "erin"}
