"""The EIP-2535 loupe: which selectors go to which facet. Its words are held against a second source by whoever asks."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.errors import ChainContradicts, Finding, Refused, Rejected
from governance.core.facts import Head
from governance.core.units import Address, checksummed, to_hex
from governance.ports import Answer, Chain

_FACETS = function("facets()((address,bytes4[])[])")


def routed(chain: Chain, target: Address, at: Head) -> list[tuple[bytes, Address]]:
    """Every live (selector, facet), by selector. Raises ChainContradicts when a selector is there twice."""
    (answer,) = chain.call_many([facets_of(target)], at)
    return pairs_in(target, answer)


def facets_of(target: Address) -> Call:
    """What the loupe is asked."""
    return Call(to=target, data=encode_call(_FACETS, []))


def pairs_in(target: Address, answer: Answer) -> list[tuple[bytes, Address]]:
    """The loupe's answer as (selector, facet), by selector."""
    listed = one(target, _FACETS, answer)
    pairs = sorted((s, checksummed(bytes.fromhex(f[2:]))) for f, selectors in listed for s in selectors)
    for (selector, _), (following, _) in pairwise(pairs):
        if selector == following:
            raise ChainContradicts(f"the loupe of {target} lists {to_hex(selector)} under two facets")
    return pairs


def require_agreement(target: Address, selector: bytes, listed: Address, named: str) -> None:
    """Raise ChainContradicts when the second source names another facet than the loupe lists."""
    if checksummed(bytes.fromhex(named[2:])) != listed:
        raise ChainContradicts(
            f"{target} routes {to_hex(selector)} to {named}, while its loupe says {listed}",
            hint="a facet may have written the storage of the system: compare the two views by hand",
        )


def ask(
    chain: Chain, target: Address, questions: Sequence[tuple[Function, Sequence[object]]], at: Head
) -> list[Answer]:
    """View calls on one contract."""
    return chain.call_many([Call(to=target, data=encode_call(fn, arguments)) for fn, arguments in questions], at)


def one(target: Address, fn: Function, answer: Answer) -> Any:
    """The first decoded output. Raises Refused when the contract does not answer as it should."""
    if answer.ok:
        try:
            return decode(fn.outputs, answer.data)[0]
        except Rejected as error:
            raise _unreadable(target, fn) from error
    raise _unreadable(target, fn)


def _unreadable(target: Address, fn: Function) -> Refused:
    finding = Finding(rule="target-read", message=f"{target} does not answer {fn.signature} as it should")
    return Refused("the governed system cannot be read", findings=(finding,))
