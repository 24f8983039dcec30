"""Those who govern, read at one block: what a kind asks for before it derives, and what its promises are held against."""

from collections.abc import Sequence

from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import AnchorFacts, CouncilFacts, GovernanceFacts, Head, ProxyFacts, RoleFacts
from governance.core.keccak import keccak
from governance.core.pins import Needs
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, checksummed
from governance.life.site import Site
from governance.ports import Target, Timelock


def _slot(name: str) -> int:
    return int.from_bytes(keccak(name.encode())) - 1


IMPLEMENTATION_SLOT, ADMIN_SLOT, BEACON_SLOT = (
    _slot(f"eip1967.proxy.{name}") for name in ("implementation", "admin", "beacon")
)
"""ERC-1967."""

_OWNER = function("owner()(address)")
_IMPLEMENTATION = function("implementation()(address)")


def observe(site: Site, needs: Needs, head: Head) -> GovernanceFacts:
    """Exactly what is asked for, nothing else."""
    return GovernanceFacts(
        delay=site.timelock.look(head).min_delay if needs.delay else None,
        roles=_roles(site, needs.roles, head),
        council=_council(site, head) if needs.council else None,
        anchor=AnchorFacts(digest=site.anchor.digest(head), uri=site.anchor.uri(head)) if needs.anchor else None,
        proxies=_proxies(site, needs.proxies, head),
    )


def _roles(site: Site, asked: Sequence[tuple[Address, Bytes32]], head: Head) -> tuple[RoleFacts, ...]:
    ports: dict[Address, Timelock | Target] = {site.network.timelock: site.timelock, site.network.target: site.target}
    members = {contract: ports[contract].role_members(head) for contract in dict.fromkeys(c for c, _ in asked)}
    return tuple(
        RoleFacts(contract=contract, role=role, holders=tuple(sorted(members[contract].get(role, frozenset()))))
        for contract, role in asked
    )


def _council(site: Site, head: Head) -> CouncilFacts:
    safe = site.council.look(head)
    return CouncilFacts(
        owners=safe.owners,
        threshold=safe.threshold,
        modules=safe.modules,
        guard=safe.guard,
        fallback_handler=safe.fallback_handler,
    )


def _proxies(site: Site, proxies: Sequence[Address], head: Head) -> tuple[ProxyFacts, ...]:
    """The slots of each proxy; then, in one more batch, what its beacon answers and who owns beacon or admin."""
    slots = [(proxy, slot) for proxy in proxies for slot in (IMPLEMENTATION_SLOT, ADMIN_SLOT, BEACON_SLOT)]
    words = [checksummed(word[12:]) for word in site.chain.storage(slots, head)] if slots else []
    found = []
    for i, proxy in enumerate(proxies):
        implementation, admin, beacon = words[3 * i : 3 * i + 3]
        owned = beacon if beacon != ZERO_ADDRESS else admin
        facts = ProxyFacts(
            address=proxy,
            implementation=implementation,
            admin=admin,
            beacon=beacon,
            beacon_implementation=_beacon_implementation(site, beacon, head),
            owner=ZERO_ADDRESS if owned == ZERO_ADDRESS else owner_of(site, owned, head),
        )
        found.append(facts)
    return tuple(found)


def owner_of(site: Site, where: Address, head: Head) -> Address:
    """What `owner()` answers (ERC-173); zero when nothing does."""
    return _account(site, where, _OWNER.signature, head)


def _beacon_implementation(site: Site, beacon: Address, head: Head) -> Address:
    if beacon == ZERO_ADDRESS:
        return ZERO_ADDRESS
    found = _account(site, beacon, _IMPLEMENTATION.signature, head)
    if found == ZERO_ADDRESS:
        finding = Finding(rule="beacon-read", message=f"{beacon} does not answer {_IMPLEMENTATION.signature}")
        raise Refused("the beacon cannot be read", findings=(finding,))
    return found


def _account(site: Site, where: Address, signature: str, head: Head) -> Address:
    """What a view without arguments answers; zero when it answers no address."""
    (answer,) = site.chain.call_many([Call(to=where, data=encode_call(function(signature), []))], head)
    try:
        (account,) = decode(("address",), answer.data if answer.ok else b"")
    except Rejected:
        return ZERO_ADDRESS
    return checksummed(bytes.fromhex(str(account)[2:]))
