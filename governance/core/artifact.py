"""A compiled contract as a plain value, and where deterministic deployment puts it.

It does not read files and does not compile: an adapter finds the artifact, this says what it is and which address its
code has on every network.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.core.call import Call
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.storagelayout import Layout
from governance.core.units import ZERO_WORD, Address, Bytes32, address_bytes, checksummed, shown

DEPLOYMENT_PROXY = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
"""The canonical deterministic deployment proxy: calldata is salt ‖ init code, it runs CREATE2 and answers 20 bytes."""

SAFE_SINGLETON_FACTORY = Address("0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7")
"""The same code at another address, from which Safe deploys its own contracts on every network."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}(@[A-Za-z0-9][A-Za-z0-9_.-]{0,31})?")


def artifact_name(text: str) -> str:
    """Read `PolicyAnchor` or `FeeFacet@2`, which is also the file's name without `.json`. Raises Rejected."""
    if not _NAME.fullmatch(text) or ".." in text:
        raise Rejected(f"`{shown(text)}` is not the name of an artifact", hint="write Name or Name@version: FeeFacet@2")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One compiled contract."""

    name: str
    """As documents write it: `FeeFacet@2`."""
    abi: tuple[Mapping[str, Any], ...]
    """The JSON ABI, as the compiler wrote it."""
    creation_code: bytes
    """Init code without constructor arguments."""
    runtime_code: bytes
    """As compiled: immutables are still zero in it."""
    selectors: Mapping[str, bytes]
    """Canonical signature to 4-byte selector, of every external function."""

    has_immutables: bool
    """The constructor writes into the runtime code, so that its hash is not known beforehand."""
    layout: Layout | None = None
    """State variables, as solc's storageLayout has them; None when the file does not say."""
    namespaces: Mapping[str, Layout] | None = None
    """Layout of each ERC-7201 struct from its location on, by namespace id; None when the file does not say."""

    @property
    def runtime_hash(self) -> Bytes32:
        """The code hash once deployed, for a contract without immutables."""
        return Bytes32(keccak(self.runtime_code))

    @property
    def address(self) -> Address:
        """Where the deployment proxy puts it, without constructor arguments and with salt zero, on every network."""
        return create2_address(DEPLOYMENT_PROXY, ZERO_WORD, self.creation_code)

    def init_code(self, *arguments: Any) -> bytes:
        """Creation code and the ABI-encoded constructor arguments. Raises Rejected when they do not fit."""
        from eth_abi.abi import encode
        from eth_abi.exceptions import EncodingError

        constructors = (entry for entry in self.abi if entry["type"] == "constructor")
        types = [abi_type(parameter) for entry in constructors for parameter in entry["inputs"]]
        if len(types) != len(arguments):
            raise Rejected(f"the constructor of {self.name} takes {len(types)} arguments, not {len(arguments)}")
        try:
            return self.creation_code + bytes(encode(types, arguments))
        except (EncodingError, OverflowError) as error:
            raise Rejected(f"the constructor arguments do not fit {self.name}: {shown(str(error))}") from error


def abi_type(entry: Mapping[str, Any]) -> str:
    """The canonical type of one ABI parameter, with tuples spelled out: `(address,uint8,bytes4[])[]`."""
    written = str(entry["type"])
    if not written.startswith("tuple"):
        return written
    return f"({','.join(abi_type(member) for member in entry['components'])}){written[5:]}"


def create2_address(deployer: Address, salt: Bytes32, init_code: bytes) -> Address:
    """EIP-1014: keccak256(0xff ‖ deployer ‖ salt ‖ keccak256(init code)), last 20 bytes."""
    return checksummed(keccak(b"\xff" + address_bytes(deployer) + salt + keccak(init_code))[12:])


def first_create_address(deployer: Address) -> Address:
    """What a contract creates first: keccak256(rlp([deployer, 1])), last 20 bytes, since EIP-161 starts at nonce 1."""
    return checksummed(keccak(b"\xd6\x94" + address_bytes(deployer) + b"\x01")[12:])


def create2_call(init_code: bytes, *, salt: Bytes32 = ZERO_WORD, proxy: Address = DEPLOYMENT_PROXY, what: str) -> Call:
    """The call that deploys `init_code` through the proxy. It reverts when the address is taken."""
    return Call(to=proxy, data=salt + init_code, summary=f"deploy {what}")
