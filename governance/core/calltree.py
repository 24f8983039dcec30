"""What calls really do: the calls that are inside of calls, as deep as they go.

A Safe's transaction, a module's, a bundle of many, an operation of a timelock, the initializer of a proxy or a diamond:
each is opened and what it carries stands beneath it. What cannot be read strictly (it would not encode to the same bytes
again) is opaque, with the reason, and never taken for a call that carries nothing. Whether a call may happen is asked
elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import Rejected
from governance.core.safetx import SafeOperation
from governance.core.units import ZERO_ADDRESS, Address, checksummed

MAX_DEPTH = 16
"""Calls within calls. No honest proposal comes near."""
MAX_NODES = 4096
"""Calls in one tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One call, and those inside of it."""

    path: str
    """How it came about: `calls[0].execTransaction.multiSend[2]`."""
    caller: Address
    """Who makes it."""
    to: Address
    """Who is called; of a delegatecall, whose code runs."""
    value: int
    """Wei."""
    data: bytes
    operation: SafeOperation = SafeOperation.CALL
    refunds: bool = False
    """It is a Safe transaction that pays whoever sends it, or sets gas aside: a failure would then spend the nonce."""
    opaque: str = ""
    """Why what it carries cannot be read; empty when it carries nothing or could be read."""
    inside: tuple["Node", ...] = ()

    @property
    def selector(self) -> bytes:
        """The first four bytes, fewer where there are fewer."""
        return self.data[:4]

    @property
    def account(self) -> Address:
        """In whose name its code runs: a delegatecall's in the caller's."""
        return self.caller if self.operation is SafeOperation.DELEGATECALL else self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """A call found in another's arguments."""

    to: Address
    value: int
    data: bytes
    operation: SafeOperation = SafeOperation.CALL
    caller: Address | None = None
    """When it is not the account that was called."""
    refunds: bool = False


Open = Callable[[Node, Sequence[Any]], Iterable[_Carried]]
"""The calls that the arguments carry. Raises Rejected when they carry something unreadable."""


def tree(calls: Sequence[Call], *, caller: Address) -> tuple[Node, ...]:
    """The calls that `caller` makes, opened."""
    budget = [MAX_NODES]
    return tuple(
        _node(_Carried(to=call.to, value=call.value, data=call.data), f"calls[{i}]", caller, 0, budget)
        for i, call in enumerate(calls)
    )


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node, each before those inside of it."""
    for node in nodes:
        yield node
        yield from walk(node.inside)


def _node(carried: _Carried, path: str, caller: Address, depth: int, budget: list[int]) -> Node:
    budget[0] -= 1
    node = Node(
        path=path,
        caller=caller,
        to=carried.to,
        value=carried.value,
        data=carried.data,
        operation=carried.operation,
        refunds=carried.refunds,
    )
    found = _OPENERS.get(node.selector)
    if found is None:
        return node
    signature, opener = found
    name = function(signature).name
    if depth >= MAX_DEPTH or budget[0] <= 0:
        return replace(node, opaque=f"`{name}` is nested deeper, or bundles more, than anything that is read here")
    try:
        arguments = _arguments(signature, node.data)
        inner = list(opener(node, arguments))
    except Rejected as error:
        return replace(node, opaque=f"`{name}` cannot be read: {error.message}")
    many = len(inner) > 1
    inside = tuple(
        _node(each, f"{path}.{name}[{i}]" if many else f"{path}.{name}", each.caller or node.account, depth + 1, budget)
        for i, each in enumerate(inner)
    )
    return replace(node, inside=inside)


def _arguments(signature: str, data: bytes) -> Sequence[Any]:
    """The arguments, if they are the only reading of these bytes."""
    fn = function(signature)
    arguments = decode(fn.inputs, data[4:])
    if encode_call(fn, arguments) != data:
        raise Rejected("its bytes are not those that these arguments encode to")
    return arguments


# ---- what each function carries --------------------------------------------------------------------------------------


def _operation(number: int) -> SafeOperation:
    if number not in {0, 1}:
        raise Rejected(f"{number} is neither a call nor a delegatecall")
    return SafeOperation(number)


def _safe_transaction(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    to, value, data, operation, *refund = given
    safe_tx_gas, base_gas, gas_price, gas_token, receiver, _signatures = refund
    refunds = bool(safe_tx_gas or base_gas or gas_price) or {gas_token, receiver} != {ZERO_ADDRESS}
    yield _Carried(to=_account(to), value=value, data=data, operation=_operation(operation), refunds=refunds)


def _module_transaction(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    to, value, data, operation = given
    yield _Carried(to=_account(to), value=value, data=data, operation=_operation(operation))


def _packed(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """MultiSend: operation (1 byte), to (20), value (32), length (32) and data, without anything in between."""
    (packed,) = given
    at = 0
    while at < len(packed):
        if len(packed) < at + 85:
            raise Rejected("a transaction in it is cut off")
        length = int.from_bytes(packed[at + 53 : at + 85], "big")
        if len(packed) < at + 85 + length:
            raise Rejected("a transaction in it is longer than all of it")
        if not any(packed[at + 1 : at + 21]):
            # MultiSend 1.5.0 takes it for whoever runs it, a Safe for instance; the versions before it do not.
            raise Rejected("a transaction in it goes to the zero address, which some versions take for the caller")
        yield _Carried(
            to=_account("0x" + packed[at + 1 : at + 21].hex()),
            value=int.from_bytes(packed[at + 21 : at + 53], "big"),
            data=packed[at + 85 : at + 85 + length],
            operation=_operation(packed[at]),
        )
        at += 85 + length


def _one(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """Target, wei and data come first: OpenZeppelin's timelock and governor, and accounts that execute for their owner."""
    yield _Carried(to=_account(given[0]), value=given[1], data=given[2])


def _bare(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """OpenZeppelin's AccessManager: a target and data, never wei."""
    yield _Carried(to=_account(given[0]), value=0, data=given[1])


def _batch(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    targets, values, payloads = given[:3]
    if not len(targets) == len(values) == len(payloads):
        raise Rejected("its lists differ in length")
    for to, value, data in zip(targets, values, payloads, strict=True):
        yield _Carried(to=_account(to), value=value, data=data)


def _to_itself(node: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """OpenZeppelin's Multicall: each runs in the name of whoever calls, on the same contract."""
    for data in given[0]:
        yield _Carried(to=node.to, value=0, data=data, caller=node.caller)


def _to_itself_in_time(node: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """The same, until a moment."""
    yield from _to_itself(node, given[1:])


def _listed(*, at: int, value: int | None, data: int) -> Open:
    """Multicall3's lists of structs, in which `at`, `value` and `data` stand at these places."""

    def opened(_: Node, given: Sequence[Any]) -> Iterator[_Carried]:
        for each in given[-1]:
            yield _Carried(to=_account(each[at]), value=0 if value is None else each[value], data=each[data])

    return opened


def _initializer(node: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """ERC-1967: the new implementation runs in the proxy's name, if it is given anything to run."""
    *proxy, implementation, data = given
    if data:
        whose = _account(proxy[0]) if proxy else node.account
        yield _Carried(
            to=_account(implementation), value=0, data=data, operation=SafeOperation.DELEGATECALL, caller=whose
        )


def _cut(node: Node, given: Sequence[Any]) -> Iterator[_Carried]:
    """EIP-2535: `_init` runs in the diamond's name."""
    _, init, data = given
    if init != ZERO_ADDRESS:
        yield _Carried(to=_account(init), value=0, data=data, operation=SafeOperation.DELEGATECALL, caller=node.account)


def _account(decoded: str) -> Address:
    """An address as ABI decoding gives it, with its checksum."""
    return checksummed(bytes.fromhex(decoded[2:]))


_TRANSACTION = "address,uint256,bytes,uint8"
_BATCH = "address[],uint256[],bytes[],bytes32,bytes32"
_SIGNATURES: dict[str, Open] = {
    f"execTransaction({_TRANSACTION},uint256,uint256,uint256,address,address,bytes)": _safe_transaction,
    f"execTransactionFromModule({_TRANSACTION})": _module_transaction,
    f"execTransactionFromModuleReturnData({_TRANSACTION})": _module_transaction,
    "multiSend(bytes)": _packed,
    "schedule(address,uint256,bytes,bytes32,bytes32,uint256)": _one,
    f"scheduleBatch({_BATCH},uint256)": _batch,
    "execute(address,uint256,bytes,bytes32,bytes32)": _one,
    f"executeBatch({_BATCH})": _batch,
    "execute(address,uint256,bytes)": _one,
    "relay(address,uint256,bytes)": _one,
    "execute(address,bytes)": _bare,
    "schedule(address,bytes,uint48)": _bare,
    "multicall(bytes[])": _to_itself,
    "multicall(uint256,bytes[])": _to_itself_in_time,
    "aggregate((address,bytes)[])": _listed(at=0, value=None, data=1),
    "tryAggregate(bool,(address,bytes)[])": _listed(at=0, value=None, data=1),
    "blockAndAggregate((address,bytes)[])": _listed(at=0, value=None, data=1),
    "tryBlockAndAggregate(bool,(address,bytes)[])": _listed(at=0, value=None, data=1),
    "aggregate3((address,bool,bytes)[])": _listed(at=0, value=None, data=2),
    "aggregate3Value((address,bool,uint256,bytes)[])": _listed(at=0, value=2, data=3),
    "upgradeToAndCall(address,bytes)": _initializer,
    "upgradeAndCall(address,address,bytes)": _initializer,
    "diamondCut((address,uint8,bytes4[])[],address,bytes)": _cut,
}
CARRIERS = frozenset(_SIGNATURES)
"""Functions that carry calls, by signature."""
_OPENERS: dict[bytes, tuple[str, Open]] = {
    function(signature).selector: (signature, opener) for signature, opener in _SIGNATURES.items()
}
