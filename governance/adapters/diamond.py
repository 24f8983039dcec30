"""A plain EIP-2535 diamond, owned by the timelock (ERC-173), read at one block. It has no manifest and no pause."""

from governance.adapters.loupe import ask, one, require_agreement, routed
from governance.core.call import function
from governance.core.facts import Generation, Head, Route, TargetFacts
from governance.core.keccak import keccak
from governance.core.network import Network
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration
from governance.ports import Chain

_OWNER = function("owner()(address)")
_FACET_ADDRESS = function("facetAddress(bytes4)(address)")


def look(chain: Chain, network: Network, code_hash: Bytes32, at: Head) -> TargetFacts:
    """Live routes with the facets' own code hashes, and whether the timelock owns it."""
    pairs = _routed_twice(chain, network.target, at)
    facets = list(dict.fromkeys(facet for _, facet in pairs))
    hashes = {f: Bytes32(keccak(c)) for f, c in zip(facets, chain.codes(facets, at), strict=True)} if facets else {}
    (answer,) = ask(chain, network.target, [(_OWNER, [])], at)
    owned = str(one(network.target, _OWNER, answer)).lower() == network.timelock.lower()
    return TargetFacts(
        address=network.target,
        generation=Generation.DIAMOND,
        code_hash=code_hash,
        routes=tuple(Route(selector=s, facet=f, code_hash=hashes[f]) for s, f in pairs),
        active_root=ZERO_WORD,
        pending_root=ZERO_WORD,
        active_epoch=0,
        activation_delay=Duration(0),
        frozen=False,
        paused=False,
        timelock_is_admin=owned,
        timelock_may_commit=owned,
        timelock_may_apply=owned,
        timelock_may_remove=owned,
        guardian_may_pause=False,
    )


def _routed_twice(chain: Chain, target: Address, at: Head) -> list[tuple[bytes, Address]]:
    """What `facets()` lists, where `facetAddress(selector)` says the same."""
    pairs = routed(chain, target, at)
    answers = ask(chain, target, [(_FACET_ADDRESS, [selector]) for selector, _ in pairs], at)
    for (selector, facet), answer in zip(pairs, answers, strict=True):
        require_agreement(target, selector, facet, str(one(target, _FACET_ADDRESS, answer)))
    return pairs
