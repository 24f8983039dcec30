"""A manifest dispatcher of any generation, read at one block."""

from collections.abc import Sequence

from governance.adapters.loupe import ask, facets_of, one, pairs_in, require_agreement, routed
from governance.adapters.recalled import Found
from governance.core.access import ADMIN, APPLY, COMMIT, EMERGENCY, HAS_ROLE
from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import Generation, Head, Route, TargetFacts
from governance.core.network import Network
from governance.core.units import Address, Bytes32, Duration
from governance.ports import Answer, Chain

_WORDS = "(bytes32,bytes32,uint64,uint64,uint64,uint64,bool)"
_STATE_V1 = function(f"manifestState(){_WORDS}")
"""activeRoot, committedRoot, activeEpoch, committedAt, manifestVersion, minDelay, frozen."""
_STATE = function(f"manifest(){_WORDS}")
"""activeRoot, pendingRoot, activeEpoch, committedAt, activationDelay, manifestVersion, frozen."""
_PAUSED = function("paused()(bool)")
_ROUTE = function("routes(bytes4)(address,bytes32)")


def look(chain: Chain, network: Network, generation: Generation, code_hash: Bytes32, at: Head) -> TargetFacts:
    """Manifest state, rights and live routes."""
    target, asked = network.target, _rights(network)
    state = _STATE_V1 if generation is Generation.V1 else _STATE
    first, *rest = ask(chain, target, [(state, []), *asked], at)
    active, pending, epoch, delay, frozen = _state(target, state, first)
    paused, *rights = (bool(one(target, fn, answer)) for (fn, _), answer in zip(asked, rest, strict=True))
    is_admin, may_commit, may_apply, may_remove, guardian_may_pause = rights
    return TargetFacts(
        address=target,
        generation=generation,
        code_hash=code_hash,
        routes=_routes(chain, target, at),
        active_root=active,
        pending_root=pending,
        active_epoch=epoch,
        activation_delay=delay,
        frozen=frozen,
        paused=paused,
        timelock_is_admin=is_admin,
        timelock_may_commit=may_commit,
        timelock_may_apply=may_apply,
        timelock_may_remove=may_remove,
        guardian_may_pause=guardian_may_pause,
    )


def foreseen(network: Network) -> tuple[Call, ...]:
    """What a look asks of every generation."""
    return tuple(Call(to=network.target, data=encode_call(fn, arguments)) for fn, arguments in _rights(network))


def follow_up(target: Address, found: Found) -> tuple[Call, ...]:
    """What a look asks once the loupe has answered."""
    return tuple(_route_calls(target, pairs_in(target, found.answer(facets_of(target)))))


def _route_calls(target: Address, pairs: Sequence[tuple[bytes, Address]]) -> list[Call]:
    return [Call(to=target, data=encode_call(_ROUTE, [selector])) for selector, _ in pairs]


def _rights(network: Network) -> list[tuple[Function, list[object]]]:
    asked: list[tuple[Function, list[object]]] = [(_PAUSED, [])]
    asked += [(HAS_ROLE, [role, network.timelock]) for role in (ADMIN, COMMIT, APPLY, EMERGENCY)]
    return [*asked, (HAS_ROLE, [EMERGENCY, network.guardian])]


def _state(target: Address, state: Function, answer: Answer) -> tuple[Bytes32, Bytes32, int, Duration, bool]:
    try:
        words = decode(state.outputs, answer.data) if answer.ok else ()
    except Rejected:
        words = ()
    if len(words) != len(state.outputs):
        finding = Finding(rule="target-read", message=f"{target} does not answer {state.signature} as it should")
        raise Refused("the governed system cannot be read", findings=(finding,))
    active, pending, epoch, _, fifth, sixth, frozen = words
    delay = sixth if state is _STATE_V1 else fifth
    return Bytes32(active), Bytes32(pending), int(epoch), Duration(int(delay)), bool(frozen)


def _routes(chain: Chain, target: Address, at: Head) -> tuple[Route, ...]:
    """The loupe's routes with their code hashes; `routes(selector)` must name the same facet."""
    pairs = routed(chain, target, at)
    answers = chain.call_many(_route_calls(target, pairs), at)
    routes = []
    for (selector, facet), answer in zip(pairs, answers, strict=True):
        one(target, _ROUTE, answer)
        named, code_hash = decode(_ROUTE.outputs, answer.data)
        require_agreement(target, selector, facet, str(named))
        routes.append(Route(selector=selector, facet=facet, code_hash=Bytes32(code_hash)))
    return tuple(routes)
