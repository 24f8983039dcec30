"""What simulated contracts stand on: calls that succeed or revert as a whole, events, and a table of functions each.

It knows no gas and moves no ether. Code is only compared, never run: what a contract does is written in Python beside
it, and a contract that does not say how it answers a call reverts, as one without a fallback does.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from governance.core.call import Function, decode, encode_call, function
from governance.core.errors import Rejected
from governance.core.facts import Log
from governance.core.keccak import keccak
from governance.core.units import ZERO_WORD, Address, Bytes32, checksummed


class Revert(Exception):
    """A call that undoes itself; `data` says why, as the contract would say it."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data.hex())
        self.data = data


def error(signature: str, *arguments: Any) -> Revert:
    """A custom error."""
    return Revert(encode_call(function(signature), arguments))


def reason(text: str) -> Revert:
    """What `require(…, text)` gives."""
    return error("Error(string)", text)


@dataclass(slots=True)
class World:
    """Everything that a transaction may change, and the block it runs in."""

    accounts: dict[Address, "Contract"]
    number: int
    now: int
    logs: list[Log] = field(default_factory=list)
    tx_hash: Bytes32 = ZERO_WORD

    def call(self, sender: Address, to: Address, data: bytes) -> bytes:
        """A message call. To an account without code it succeeds and does nothing."""
        account = self.accounts.get(to)
        return b"" if account is None else account.receive(Message(world=self, sender=sender, data=data))

    def attempt(self, sender: Address, to: Address, data: bytes) -> tuple[bool, bytes]:
        """A call whose failure undoes what it did, and nothing else."""
        before, logged = deepcopy(self.accounts), len(self.logs)
        try:
            return True, self.call(sender, to, data)
        except Revert as revert:
            self.accounts = before
            del self.logs[logged:]
            return False, revert.data

    def code(self, account: Address) -> bytes:
        """Runtime code, empty for an account without."""
        return self.accounts[account].code if account in self.accounts else b""

    def code_hash(self, account: Address) -> Bytes32:
        """As the EVM's `codehash` of an account that exists."""
        return Bytes32(keccak(self.code(account)))

    def emit(self, source: Address, signature: str, *indexed: bytes, data: bytes = b"") -> None:
        """One event log."""
        topics = (Bytes32(keccak(signature.encode())), *(Bytes32(topic.rjust(32, b"\0")) for topic in indexed))
        index = len(self.logs)
        log = Log(address=source, topics=topics, data=data, block=self.number, index=index, tx_hash=self.tx_hash)
        self.logs.append(log)


@dataclass(frozen=True, slots=True)
class Message:
    """One message call, as the called contract sees it."""

    world: World
    sender: Address
    data: bytes
    storage: "Contract | None" = None
    """Whose storage the code runs in, when it is delegated to."""


def external(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a method as the contract's function of this signature, with its outputs: `fee()(uint256)`."""

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.signature = signature  # type: ignore[attr-defined]
        return method

    return mark


class Contract:
    """An account with code. Functions are the methods marked `external`."""

    table: ClassVar[dict[bytes, tuple[Function, str]]] = {}

    def __init__(self, address: Address, code: bytes) -> None:
        self.address = address
        self.code = code

    def __init_subclass__(cls) -> None:
        cls.table = dict(cls.table)
        for base in reversed(cls.__mro__):
            for name, method in vars(base).items():
                if hasattr(method, "signature"):
                    fn = function(method.signature)
                    cls.table[fn.selector] = (fn, name)

    def receive(self, msg: Message) -> bytes:
        """Dispatch by selector."""
        known = self.table.get(msg.data[:4])
        if known is None:
            return self.fallback(msg)
        fn, name = known
        try:
            values = decode(fn.inputs, msg.data[4:])
        except Rejected as malformed:
            raise Revert from malformed
        arguments = [_spelt(kind, value) for kind, value in zip(fn.inputs, values, strict=True)]
        return encoded(fn, getattr(self, name)(msg, *arguments))

    def fallback(self, msg: Message) -> bytes:
        """A call of no known function."""
        raise Revert


def encoded(fn: Function, answer: Any) -> bytes:
    """Return data."""
    from eth_abi.abi import encode

    if not fn.outputs:
        return b""
    return bytes(encode(fn.outputs, answer if len(fn.outputs) > 1 else [answer]))


def _spelt(kind: str, value: Any) -> Any:
    """Addresses with their checksum, wherever they stand plainly or in a list."""
    if kind == "address":
        return checksummed(bytes.fromhex(value[2:]))
    if kind == "address[]":
        return [checksummed(bytes.fromhex(each[2:])) for each in value]
    return value
