"""Who may act on whom, and what follows: each way by which one key is enough, or nobody has to wait.

Covers threat_28 (roles change), threat_39 (modules and handlers of a Safe), threat_52 (escalation), threat_53 (emergency).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from governance.adapters.artifacts import shipped
from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, EMERGENCY, EXECUTOR, NAMES, PROPOSER, role_name
from governance.core.facts import (
    AccountFacts,
    AnchorFacts,
    Generation,
    ProxyFacts,
    SafeFacts,
    TargetFacts,
    TimelockFacts,
)
from governance.core.keccak import selector
from governance.core.manifest import GOVERNING
from governance.core.ownfunctions import own_functions
from governance.core.power import BYPASS, SINGLE_KEY, STOP, Power, judge_power, paths, rows, rows_of, unknown
from governance.core.rolegraph import (
    ANYONE,
    TARGET_ALLOWS,
    TIMELOCK_ALLOWS,
    Graph,
    Nature,
    graph_of,
    members,
    mentioned,
)
from governance.core.situation import Situation
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration, checksummed

ROOT = Path(__file__).resolve().parents[2]


def account(number: int) -> Address:
    return checksummed(bytes([number]) * 20)


COUNCIL, GUARDIAN, TIMELOCK, TARGET, PROXY, SAFE, OTHER, DAO = map(account, range(0xA0, 0xA8))
K, L, M, N, V, P, Q, R, S = map(account, range(1, 10))
"""Keys: K to V are the council's, P to R the guardian's, S is nobody's."""
WORD = Bytes32(b"\x07" * 32)
DELAY = Duration(172_800)


def safe(where: Address, threshold: int, *owners: Address, **more: object) -> SafeFacts:
    made = SafeFacts(
        address=where, version="1.4.1", singleton=WORD_ACCOUNT, singleton_code_hash=WORD, proxy_code_hash=WORD,
        owners=owners, threshold=threshold, nonce=0, modules=(), guard=ZERO_ADDRESS, fallback_handler=ZERO_ADDRESS,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


WORD_ACCOUNT = account(7)
SOUND = Situation(
    target=TargetFacts(
        address=TARGET, generation=Generation.OURS, code_hash=WORD, routes=(), active_root=WORD, pending_root=ZERO_WORD,
        active_epoch=1, activation_delay=Duration(0), frozen=False, paused=False, timelock_is_admin=True,
        timelock_may_commit=True, timelock_may_apply=True, timelock_may_remove=False, guardian_may_pause=True,
    ),
    target_roles={
        **{role: frozenset({TIMELOCK}) for role in (ADMIN, COMMIT, APPLY)}, EMERGENCY: frozenset({GUARDIAN}),
    },
    target_owner=ZERO_ADDRESS,
    timelock=TimelockFacts(
        address=TIMELOCK, code_hash=WORD, min_delay=DELAY, council_may_propose=True, council_may_cancel=True,
        guardian_may_cancel=True, open_executor=True,
    ),
    timelock_roles={
        ADMIN: frozenset({TIMELOCK}), PROPOSER: frozenset({COUNCIL}), CANCELLER: frozenset({COUNCIL, GUARDIAN}),
        EXECUTOR: frozenset({ANYONE}),
    },
    council=safe(COUNCIL, 3, K, L, M, N, V),
    guardian=safe(GUARDIAN, 2, P, Q, R),
    anchor=AnchorFacts(digest=WORD, uri=""),
    proxies=(),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class System:
    """A situation, and what stands behind the accounts that are no keys."""

    situation: Situation = SOUND
    safes: tuple[SafeFacts, ...] = ()
    contracts: frozenset[Address] = frozenset()
    delegated: frozenset[Address] = field(default_factory=frozenset)

    def graph(self) -> Graph:
        known = {each.address: each for each in (self.situation.council, self.situation.guardian, *self.safes)}
        asked, facts = list(mentioned(self.situation)), {}
        while asked:
            one = asked.pop()
            if one not in facts:
                facts[one] = AccountFacts(
                    address=one,
                    has_code=one in known or one in self.contracts,
                    delegate=DAO if one in self.delegated else None,
                    safe=known.get(one),
                )
                asked += members(known[one]) if one in known else ()
        return graph_of(self.situation, facts)


def target(*grants: tuple[Bytes32, Address], base: Situation = SOUND) -> Situation:
    """With more holders of roles of the target."""
    held = {
        role: base.target_roles.get(role, frozenset()) | {who for r, who in grants if r == role} for role, _ in grants
    }
    return replace(base, target_roles={**base.target_roles, **held})


def timelock(
    *grants: tuple[Bytes32, Address], executors: Iterable[Address] = (ANYONE,), delay: Duration = DELAY
) -> Situation:
    """With more holders of roles of the timelock, and just these executors."""
    base = {**SOUND.timelock_roles, EXECUTOR: frozenset(executors)}
    held = {role: base[role] | {who for r, who in grants if r == role} for role, _ in grants}
    return replace(SOUND, timelock_roles={**base, **held}, timelock=replace(SOUND.timelock, min_delay=delay))


def council(threshold: int, *owners: Address, **more: object) -> Situation:
    return replace(SOUND, council=safe(COUNCIL, threshold, *(owners or (K, L, M, N, V)), **more))


def guardian(threshold: int, **more: object) -> Situation:
    return replace(SOUND, guardian=safe(GUARDIAN, threshold, P, Q, R, **more))


def diamond(owner: Address) -> Situation:
    facts = replace(SOUND.target, generation=Generation.DIAMOND)
    return replace(SOUND, target=facts, target_roles={}, target_owner=owner)


def proxy(**facts: Address) -> Situation:
    none = dict.fromkeys(("implementation", "admin", "beacon", "beacon_implementation", "owner"), ZERO_ADDRESS)
    return replace(SOUND, proxies=(ProxyFacts(address=PROXY, **{**none, **facts}),))


Found = set[tuple[str, tuple[Address, ...], Address]]
UPGRADES = ((COMMIT, S), (APPLY, S))


def single(*keys: Address, end: Address = TARGET) -> Found:
    return {(SINGLE_KEY, (key,), end) for key in keys}


def around(*who: Address, end: Address = TARGET) -> Found:
    return {(BYPASS, who, end)}


def stop(*keys: Address, end: Address) -> Found:
    return {(STOP, (key,), end) for key in keys}


PATHS: dict[str, tuple[System, Found]] = {
    "as it is handed over": (System(), set()),
    # ---- roles of the governed system
    "a key is admin": (System(situation=target((ADMIN, S))), single(S) | around(S)),
    "a key commits and applies": (System(situation=target(*UPGRADES)), single(S) | around(S)),
    "one key commits, another applies": (
        System(situation=target((COMMIT, R), (APPLY, S))), around(R, S),
    ),
    "a key commits, only the timelock applies": (System(situation=target((COMMIT, S))), set()),
    "a key applies, only the timelock commits": (System(situation=target((APPLY, S))), set()),
    "the council itself is admin": (System(situation=target((ADMIN, COUNCIL))), around(COUNCIL)),
    "a Safe of which one owner is enough": (
        System(situation=target((ADMIN, SAFE)), safes=(safe(SAFE, 1, R, S),)), single(R, S) | around(SAFE),
    ),
    "a Safe that only the timelock owns": (
        System(situation=target((ADMIN, SAFE)), safes=(safe(SAFE, 1, TIMELOCK),)), set(),
    ),
    "a Safe that the timelock owns, with a key as its module": (
        System(situation=target((ADMIN, SAFE)), safes=(safe(SAFE, 1, TIMELOCK, modules=(S,)),)),
        single(S) | around(SAFE),
    ),
    "a key on an account that delegates": (
        System(situation=target(*UPGRADES), delegated=frozenset({S})), single(S) | around(S),
    ),
    "a contract that nobody knows is admin": (
        System(situation=target((ADMIN, DAO)), contracts=frozenset({DAO})), around(DAO),
    ),
    "the system holds its own roles": (System(situation=target((COMMIT, TARGET), (APPLY, TARGET))), around(TARGET)),
    "the zero address is nobody": (System(situation=target((ADMIN, ANYONE), (EMERGENCY, ANYONE))), set()),
    "a key may pause": (System(situation=target((EMERGENCY, S))), stop(S, end=TARGET)),
    "a frozen system hides nothing": (
        System(situation=replace(target((ADMIN, S)), target=replace(SOUND.target, frozen=True, paused=True))),
        single(S) | around(S),
    ),
    "a role that nobody knows": (System(situation=target((WORD, S))), set()),
    # ---- roles of the timelock
    "a key proposes, anyone executes": (System(situation=timelock((PROPOSER, S))), single(S)),
    "a key proposes, another executes": (System(situation=timelock((PROPOSER, S), executors=(R,))), set()),
    "a key proposes and executes": (System(situation=timelock((PROPOSER, S), executors=(R, S))), single(S)),
    "nobody executes": (System(situation=timelock((PROPOSER, S), executors=())), set()),
    "a key is admin of the timelock": (
        System(situation=timelock((ADMIN, S), executors=())), single(S) | around(S, end=TIMELOCK),
    ),
    "a Safe is admin of the timelock": (
        System(situation=timelock((ADMIN, SAFE)), safes=(safe(SAFE, 2, R, S),)), around(SAFE, end=TIMELOCK),
    ),
    "a key cancels": (System(situation=timelock((CANCELLER, S))), stop(S, end=TIMELOCK)),
    "the timelock waits for nothing": (
        System(situation=timelock(delay=Duration(0))), around(TIMELOCK, end=TIMELOCK),
    ),
    # ---- the Safes
    "each owner of the council is enough": (
        System(situation=council(1)), single(K, L, M, N, V) | stop(K, L, M, N, V, end=TIMELOCK),
    ),
    "each owner of the guardian is enough": (
        System(situation=guardian(1)), stop(P, Q, R, end=TARGET) | stop(P, Q, R, end=TIMELOCK),
    ),
    "a key is a module of the council": (
        System(situation=council(3, modules=(S,))), single(S) | stop(S, end=TIMELOCK),
    ),
    "a contract that nobody knows is a module of the council": (
        System(situation=council(3, modules=(DAO,)), contracts=frozenset({DAO})), single(DAO),
    ),
    "the guardian is a module of the council": (System(situation=council(3, modules=(GUARDIAN,))), set()),
    "the timelock is a module of the council": (System(situation=council(3, modules=(TIMELOCK,))), set()),
    "an owner has a Safe of his own in the council": (
        System(situation=council(2, K, SAFE, L), safes=(safe(SAFE, 1, K),)), single(K) | stop(K, end=TIMELOCK),
    ),
    "an owner has a part of a Safe in the council": (
        System(situation=council(2, K, SAFE, L), safes=(safe(SAFE, 2, K, M),)), set(),
    ),
    "two Safes own one another": (
        System(situation=council(1, SAFE), safes=(safe(SAFE, 1, OTHER), safe(OTHER, 1, SAFE))), set(),
    ),
    "the council's fallback handler is the timelock": (
        System(situation=council(3, fallback_handler=TIMELOCK)), single(ANYONE) | stop(ANYONE, end=TIMELOCK),
    ),
    "the guardian's fallback handler is the target": (
        System(situation=guardian(2, fallback_handler=TARGET)), stop(ANYONE, end=TARGET),
    ),
    "anyone speaks for an owner whose fallback handler is the council": (
        System(situation=council(2, K, SAFE, L), safes=(safe(SAFE, 2, M, N, fallback_handler=COUNCIL),)),
        single(K, L) | stop(K, L, end=TIMELOCK),
    ),
    "anyone and such an owner are one voice": (
        System(situation=council(2, SAFE, L), safes=(safe(SAFE, 1, S, fallback_handler=COUNCIL),)),
        single(L) | stop(L, end=TIMELOCK),
    ),
    # ---- systems without roles
    "a diamond of the timelock": (System(situation=diamond(TIMELOCK)), set()),
    "a diamond of a key": (System(situation=diamond(S)), single(S) | around(S)),
    "a diamond of nobody": (System(situation=diamond(ZERO_ADDRESS)), set()),
    "a beacon of a key": (
        System(situation=proxy(beacon=OTHER, owner=S)), single(S, end=PROXY) | around(S, end=PROXY),
    ),
    "a proxy admin of a key": (
        System(situation=proxy(admin=OTHER, owner=S)), single(S, end=PROXY) | around(S, end=PROXY),
    ),
    "a proxy admin of the timelock": (System(situation=proxy(admin=OTHER, owner=TIMELOCK)), set()),
    "a key is a proxy's admin": (System(situation=proxy(admin=S)), single(S, end=PROXY) | around(S, end=PROXY)),
    "a proxy that says itself who may": (System(situation=proxy(implementation=OTHER)), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_every_path_and_no_other_is_found(name: str) -> None:
    system, expected = PATHS[name]
    assert {path.key for path in paths(system.graph())} == expected


@pytest.mark.parametrize("generation", [each for each in Generation if each is not Generation.DIAMOND])
def test_on_every_generation_with_roles_commit_and_apply_are_enough(generation: Generation) -> None:
    facts = replace(SOUND.target, generation=generation)
    assert paths(System(situation=replace(SOUND, target=facts)).graph()) == ()
    found = paths(System(situation=replace(target(*UPGRADES), target=facts)).graph())
    assert {path.key for path in found} == single(S) | around(S)


WORDS: dict[str, str] = {
    "a key commits and applies": (
        f"the key {S} alone can change the code of the target: with COMMIT_ROLE and APPLY_ROLE of the target"
    ),
    "one key commits, another applies": (
        f"the key {R} and the key {S} together can, without the timelock's delay, change the code of the target: "
        "with COMMIT_ROLE and APPLY_ROLE of the target"
    ),
    "a key proposes, anyone executes": (
        f"the key {S} alone can change the code of the target: as proposer of the timelock, after its delay of 48 h, "
        "then with DEFAULT_ADMIN_ROLE of the target"
    ),
    "a key is a module of the council": (
        f"the key {S} alone can change the code of the target: as a module of the council, then as proposer of the "
        "timelock, after its delay of 48 h, then with DEFAULT_ADMIN_ROLE of the target"
    ),
    "an owner has a Safe of his own in the council": (
        f"the key {K} alone can change the code of the target: as an owner of the Safe {SAFE}, which asks for 1 of 1, "
        "then as an owner of the council, which asks for 2 of 3, then as proposer of the timelock, after its delay of "
        "48 h, then with DEFAULT_ADMIN_ROLE of the target"
    ),
    "the council's fallback handler is the timelock": (
        "anyone alone can change the code of the target: as proposer of the timelock by the fallback handler of the "
        "council, after its delay of 48 h, then with DEFAULT_ADMIN_ROLE of the target"
    ),
    "a Safe is admin of the timelock": (
        f"the Safe {SAFE} can, without any delay, say who proposes to, executes and cancels in the timelock: with "
        "DEFAULT_ADMIN_ROLE of the timelock"
    ),
    "a key may pause": f"the key {S} alone can stop the target: with EMERGENCY_ROLE of the target",
    "the timelock waits for nothing": (
        "the timelock waits for nothing: whatever is proposed to it can be executed at once"
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_path_is_told_from_its_start_to_its_end(name: str) -> None:
    assert paths(PATHS[name][0].graph())[0].words == WORDS[name]


# ---- before and after -------------------------------------------------------------------------------------------------


def power(before: System, after: System) -> Power:
    return Power(before=before.graph(), after=after.graph())


def key_of(name: str) -> System:
    return PATHS[name][0]


SOUNDLY, ADMINS = System(), key_of("a key is admin")


def test_what_a_proposal_makes_is_found_and_what_was_there_is_noted() -> None:
    findings, notes = judge_power(power(SOUNDLY, ADMINS))
    assert [finding.rule for finding in findings] == [SINGLE_KEY, BYPASS]
    assert all(finding.message.startswith("once this is executed, the key") and finding.hint for finding in findings)
    assert notes == ()
    findings, notes = judge_power(power(ADMINS, ADMINS))
    assert (findings, [note.startswith("as before, the key") for note in notes]) == ((), [True, True])
    assert judge_power(power(ADMINS, SOUNDLY)) == ((), ())


NEW: dict[str, tuple[System, System, Found]] = {
    "who was admin already gains nothing by other roles": (
        ADMINS, System(situation=target((ADMIN, S), *UPGRADES)), set(),
    ),
    "who waited and need not any more": (
        key_of("a key proposes, anyone executes"),
        System(situation=replace(timelock((PROPOSER, S)), target_roles=target(*UPGRADES).target_roles)),
        around(S),
    ),
    "another key in place of one": (ADMINS, System(situation=target((ADMIN, R))), single(R) | around(R)),
    "an executor for anyone completes a proposer": (
        key_of("a key proposes, another executes"), key_of("a key proposes, anyone executes"), single(S),
    ),
    "the last owner whose agreement was needed": (
        System(situation=council(2, K, L)), System(situation=council(1, K, L)),
        single(K, L) | stop(K, L, end=TIMELOCK),
    ),
    "the council may act at once": (SOUNDLY, key_of("the council itself is admin"), around(COUNCIL)),
    "a shorter delay is a difference only": (SOUNDLY, System(situation=timelock(delay=Duration(3600))), set()),
    "no delay": (SOUNDLY, key_of("the timelock waits for nothing"), around(TIMELOCK, end=TIMELOCK)),
    "another quorum that cancels": (
        SOUNDLY, System(situation=timelock((CANCELLER, SAFE)), safes=(safe(SAFE, 2, R, S),)), set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NEW)
def test_only_what_somebody_could_not_do_before_is_new(name: str) -> None:
    before, after, expected = NEW[name]
    made, _ = power(before, after).compared()
    assert {path.key for path in made} == expected


def test_a_key_that_may_stop_from_then_on_is_a_note() -> None:
    findings, (note,) = judge_power(power(SOUNDLY, key_of("a key may pause")))
    assert findings == ()
    assert note == f"once this is executed, the key {S} alone can stop the target: with EMERGENCY_ROLE of the target"


def test_rights_and_accounts_that_differ_are_shown_and_nothing_else() -> None:
    assert (power(SOUNDLY, SOUNDLY).differences, power(SOUNDLY, SOUNDLY).becomes) == ((), ())
    shorter = timelock((CANCELLER, S), delay=Duration(3600))
    found = power(SOUNDLY, System(situation=replace(shorter, council=safe(COUNCIL, 4, K, L, M, N, Q))))
    told = [(row.holder, row.is_a, row.role, row.contract, row.before, row.after) for row in found.differences]
    assert told == [
        (S, "key", "CANCELLER_ROLE", TIMELOCK, False, True),
        (Q, "key", "owner", COUNCIL, False, True),
        (V, "key", "owner", COUNCIL, True, False),
    ]
    assert found.becomes == (
        (COUNCIL, "Safe, 3 of 5", "Safe, 4 of 5"),
        (TIMELOCK, "timelock, delay 48 h", "timelock, delay 1 h"),
    )


def test_every_right_is_a_row_that_says_what_it_allows() -> None:
    told = {(row.holder, row.role, row.contract): row for row in rows_of(SOUNDLY.graph())}
    assert len(told) == 4 + 5 + 5 + 3
    assert all(row.before and row.after for row in told.values())
    paused, committed = told[GUARDIAN, "EMERGENCY_ROLE", TARGET], told[TIMELOCK, "COMMIT_ROLE", TARGET]
    assert (paused.is_a, paused.allows) == ("Safe, 2 of 3", ("removeRoutes(bytes4[])", "dropPendingRoot()", "pause()"))
    assert (committed.is_a, committed.allows) == ("timelock, delay 48 h", ("commitRoot(bytes32,uint64)",))
    assert told[ANYONE, "EXECUTOR_ROLE", TIMELOCK].is_a == "anyone"
    handed = rows(power(SOUNDLY, key_of("the council's fallback handler is the timelock")))
    assert {(row.role, row.through) for row in handed if row.holder == ANYONE} == {
        ("EXECUTOR_ROLE", None), ("PROPOSER_ROLE", COUNCIL), ("CANCELLER_ROLE", COUNCIL),
    }  # fmt: skip


def test_rights_stand_by_contract_and_the_four_come_first() -> None:
    system = System(situation=replace(proxy(admin=SAFE), target_roles=target((ADMIN, OTHER)).target_roles),
                    safes=(safe(SAFE, 2, R, S), safe(OTHER, 2, R, S)))  # fmt: skip
    order = list(dict.fromkeys(edge.contract for edge in system.graph().edges))
    assert order == [TARGET, TIMELOCK, COUNCIL, GUARDIAN, PROXY, SAFE, OTHER]


# ---- what is not known ------------------------------------------------------------------------------------------------

UNKNOWN: dict[str, tuple[System, list[str]]] = {
    "as it is handed over": (SOUNDLY, []),
    "a proposer": (
        System(situation=timelock((PROPOSER, DAO)), contracts=frozenset({DAO})),
        [f"the contract {DAO} (contract of unknown rules): PROPOSER_ROLE of the timelock"],
    ),
    "a guard and an owner at once": (
        System(situation=council(2, K, L, DAO, guard=DAO), contracts=frozenset({DAO})),
        [f"the contract {DAO} (contract of unknown rules): owner of the council, guard of the council"],
    ),
    "code that a key runs": (
        System(situation=target((EMERGENCY, S)), delegated=frozenset({S})),
        [f"the key {S} (key that runs the code of {DAO}): EMERGENCY_ROLE of the target"],
    ),
    "the system itself": (
        System(situation=target((COMMIT, TARGET))),
        ["the target (the governed system itself): COMMIT_ROLE of the target"],
    ),
    "a proxy": (
        key_of("a proxy that says itself who may"),
        [f"who may upgrade the proxy {PROXY} is said by its own code, which is not read"],
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_who_is_not_known_is_named(name: str) -> None:
    system, expected = UNKNOWN[name]
    assert list(unknown(system.graph())) == expected
    assert set(expected) <= set(judge_power(power(system, system))[1])


def test_an_account_that_was_not_looked_at_counts_as_a_contract() -> None:
    graph = graph_of(target((ADMIN, S)), {})
    assert graph.accounts[S].nature is Nature.CONTRACT
    assert {path.rule for path in paths(graph)} == {BYPASS}


# ---- what a role allows -----------------------------------------------------------------------------------------------


def test_what_our_roles_allow_is_what_the_source_asks_for() -> None:
    source = (ROOT / "contracts/src/ManifestDispatcher.sol").read_text("utf-8")
    heads = re.findall(r"function (\w+)\([^)]*\)[^{;]*?onlyRole\((\w+)\)", source)
    allowed = [
        (signature.partition("(")[0], role_name(role))
        for role, signatures in TARGET_ALLOWS[Generation.OURS].items()
        for signature in signatures
    ]
    assert sorted(heads) == sorted(pair for pair in allowed if pair[0] not in {"grantRole", "revokeRole"})
    selectors = set(shipped(ROOT).get("ManifestDispatcher").selectors.values())
    assert {selector(s) for each in TARGET_ALLOWS[Generation.OURS].values() for s in each} <= selectors


@pytest.mark.parametrize("generation", [Generation.V1, Generation.COMPACT, Generation.P4])
def test_what_roles_allow_are_functions_of_the_dispatcher(generation: Generation) -> None:
    own = set(own_functions(generation, ours={}, routed=()).values())
    assert {signature for each in TARGET_ALLOWS[generation].values() for signature in each} <= own | set(GOVERNING)


def test_what_the_timelocks_roles_allow_are_its_functions() -> None:
    selectors = set(shipped(ROOT).get("TimelockController").selectors.values())
    assert {selector(signature) for each in TIMELOCK_ALLOWS.values() for signature in each} <= selectors
    assert set(TIMELOCK_ALLOWS) | set(TARGET_ALLOWS[Generation.OURS]) == set(NAMES)
