"""Which addresses a proposal's calls name: whom they call, and every address among the arguments that can be read.

Arguments are read by the types of their function, where anybody has written those down: the proposal itself, the policy, or
this tool for what everybody knows. Of other functions nobody can tell an address from a number; only words that look
like addresses are given then, to be held against known ones. It does not judge.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from governance.core.call import Function, decode, function, member_types
from governance.core.calltree import CARRIERS, Node
from governance.core.errors import Rejected
from governance.core.tree import Listing, Scalar
from governance.core.tree import Node as TreeNode
from governance.core.units import Address, checksummed
from governance.core.weakening import WEAKENING

_TOKENS = frozenset(
    (
        "transfer(address,uint256)",
        "transferFrom(address,address,uint256)",
        "approve(address,uint256)",
        "increaseAllowance(address,uint256)",
        "mint(address,uint256)",
        "setApprovalForAll(address,bool)",
        "safeTransferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256,bytes)",
        "safeTransferFrom(address,address,uint256,uint256,bytes)",
    )
)
"""ERC-20, ERC-721 and ERC-1155."""
COMMON = tuple(map(function, sorted(CARRIERS | WEAKENING | _TOKENS)))
"""Functions that everybody knows."""
Functions = Mapping[bytes, Collection[Function]]
"""By selector. Two of one selector are both read: whoever writes the other one down must not hide the first."""


def by_selector(*functions: Function) -> Functions:
    """Functions to read arguments by."""
    found: dict[bytes, dict[Function, None]] = {}
    for fn in functions:
        found.setdefault(fn.selector, {})[fn] = None
    return found


def functions_of(tree: TreeNode) -> Iterator[Function]:
    """Every function that a document spells out under a key `function`."""
    if isinstance(tree, Scalar):
        return
    if isinstance(tree, Listing):
        for inner in tree.items:
            yield from functions_of(inner)
        return
    for key, inner in tree.entries:
        if key.text == "function" and isinstance(inner, Scalar):
            yield from _spelt(inner.text)
        else:
            yield from functions_of(inner)


def named_by(node: Node, functions: Functions) -> Iterator[Address]:
    """Whom a call names: the account that is called, and addresses among arguments whose types are known."""
    yield node.to
    for fn in functions.get(node.selector, ()):
        try:
            given = decode(fn.inputs, node.data[4:])
        except Rejected:
            continue  # another function of the same selector, or nothing that any contract could read
        yield from _typed(fn.inputs, given)


def words_like_addresses(node: Node) -> Iterator[Address]:
    """Words of the calldata that may be addresses: twelve zero bytes, and no number below 2**128."""
    for at in range(4, len(node.data) - 31, 32):
        word = node.data[at : at + 32]
        if not any(word[:12]) and any(word[12:16]):
            yield checksummed(word[12:])


def _spelt(text: str) -> Iterator[Function]:
    try:
        yield function(text)
    except Rejected:
        return  # refused where a kind reads it as one


def _typed(types: Sequence[str], values: Iterable[Any]) -> Iterator[Address]:
    for abi_type, value in zip(types, values, strict=True):
        if "address" not in abi_type:
            continue
        if abi_type == "address":
            yield checksummed(bytes.fromhex(value[2:]))
        elif abi_type.endswith("]"):
            inner = abi_type[: abi_type.rindex("[")]
            yield from _typed([inner] * len(value), value)
        else:
            yield from _typed(member_types(abi_type), value)
