"""What stands behind addresses: keys, Safes and other contracts, read at one block, level by level."""

from collections.abc import Callable, Iterable, Mapping

from governance.core.bytecode import delegate_of
from governance.core.errors import Refused
from governance.core.facts import AccountFacts, Head, SafeFacts
from governance.core.safemessage import MAX_LEVELS
from governance.core.units import Address, checksummed
from governance.life.site import Site

Members = Callable[[SafeFacts], Iterable[Address]]
"""Who of a Safe is looked at as well."""


def accounts_of(
    site: Site, asked: Iterable[Address], head: Head, *, members: Members, known: Mapping[Address, SafeFacts]
) -> dict[Address, AccountFacts]:
    """Every address that is asked for, and the members of every Safe among them, down to MAX_LEVELS of Safes.

    Members of a Safe that stands deeper are not in the answer. A contract that is no known Safe is a contract like any other.
    """
    found: dict[Address, AccountFacts] = {}
    level = list(dict.fromkeys(asked))
    for _ in range(MAX_LEVELS + 1):
        codes = site.chain.codes(level, head) if level else []
        looked = [_looked(site, each, code, head, known) for each, code in zip(level, codes, strict=True)]
        found |= {facts.address: facts for facts in looked}
        safes = [facts.safe for facts in looked if facts.safe is not None]
        level = list(dict.fromkeys(member for safe in safes for member in members(safe) if member not in found))
    return found


def _looked(site: Site, address: Address, code: bytes, head: Head, known: Mapping[Address, SafeFacts]) -> AccountFacts:
    delegate = delegate_of(code)
    if delegate is not None or not code:
        behind = None if delegate is None else checksummed(delegate)
        return AccountFacts(address=address, has_code=False, delegate=behind, safe=None)
    safe = known[address] if address in known else _as_safe(site, address, head)
    return AccountFacts(address=address, has_code=True, delegate=None, safe=safe)


def _as_safe(site: Site, address: Address, head: Head) -> SafeFacts | None:
    try:
        return site.safes(address).look(head)
    except Refused:
        return None
