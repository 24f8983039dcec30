"""A real Safe, its published bytecode in an EVM inside this process, to hold ours against."""

import json
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pyrevm
from coincurve import PrivateKey
from eth_abi import encode

from governance.core.call import encode_call, function
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address_bytes, checksummed

DEPLOYER = checksummed(b"\xde" * 20)
STRANGER = checksummed(b"\x57" * 20)
SETUP = function("setup(address[],uint256,address,bytes,address,address,uint256,address)")
CHECK = function("checkNSignatures(bytes32,bytes,bytes,uint256)")
APPROVE = function("approveHash(bytes32)")
HASH = function(
    "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)(bytes32)"
)
DOMAIN = function("domainSeparator()(bytes32)")
SINGLETONS = {"1.3.0": "GnosisSafe_V1_3_0", "1.4.1": "Safe_V1_4_1", "1.5.0": "Safe_V1_5_0"}
HANDLERS = {version: f"CompatibilityFallbackHandler_V{version.replace('.', '_')}" for version in SINGLETONS}
PROXIES = {"1.3.0": "Proxy_V1_3_0", "1.4.1": "Proxy_V1_4_1", "1.5.0": "Proxy_V1_5_0"}


@cache
def bytecode(name: str) -> bytes:
    spec = find_spec("safe_eth")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "eth" / "contracts" / "abis" / f"{name}.json"
    return bytes.fromhex(json.loads(file.read_text())["bytecode"][2:])


class RealSafe:
    """A proxy in front of the singleton of one version, with its owners."""

    def __init__(self, version: str, owners: list[Address], threshold: int, *, evm: pyrevm.EVM | None = None) -> None:
        self.version = version
        self.evm = pyrevm.EVM() if evm is None else evm
        self.evm.set_balance(DEPLOYER, 10**20)
        handler = checksummed(bytes.fromhex(self.evm.deploy(DEPLOYER, bytecode(HANDLERS[version]))[2:]))
        singleton = self.evm.deploy(DEPLOYER, bytecode(SINGLETONS[version]))
        argument = encode(["address"], [singleton])
        self.address = checksummed(bytes.fromhex(self.evm.deploy(DEPLOYER, bytecode(PROXIES[version]) + argument)[2:]))
        zero = ZERO_ADDRESS
        self.send(DEPLOYER, encode_call(SETUP, [owners, threshold, zero, b"", handler, zero, 0, zero]))

    def send(self, caller: Address, data: bytes) -> bytes:
        return bytes(self.evm.message_call(caller=caller, to=self.address, calldata=data))

    def view(self, data: bytes) -> bytes:
        return bytes(self.evm.message_call(caller=STRANGER, to=self.address, calldata=data, is_static=True))

    def approve(self, owner: Address, digest: Bytes32) -> None:
        self.send(owner, encode_call(APPROVE, [digest]))

    def place(self, account: Address, code: bytes) -> None:
        """Put runtime code at an account."""
        self.evm.insert_account_info(account, pyrevm.AccountInfo(code=code))

    def answer(self, data: bytes) -> str | None:
        """The Safe's own code for a revert, empty for one without a code; None when the call passes."""
        try:
            self.view(data)
        except RuntimeError as error:
            assert "Revert" in str(error), error  # noqa: PT017 - anything else is a fault of the test
            found = re.search("4753(3[0-9]3[0-9]3[0-9])", str(error))
            return "" if found is None else "GS" + bytes.fromhex(found[1]).decode()
        return None

    def takes(self, digest: Bytes32, blob: bytes, needed: int, preimage: bytes = b"") -> bool:
        """Whether `checkNSignatures` passes; a revert is the only other answer."""
        try:
            self.view(encode_call(CHECK, [digest, preimage, blob, needed]))
        except RuntimeError as error:
            assert "Revert" in str(error), error  # noqa: PT017 - anything else is a fault of the test
            return False
        return True


class Person:
    """A key known to the tests, and its account."""

    def __init__(self, seed: int) -> None:
        self.key = PrivateKey(keccak(b"person" + bytes([seed])))
        self.address = checksummed(keccak(self.key.public_key.format(compressed=False)[1:])[12:])

    def sign(self, digest: bytes, *, v: int = 27) -> bytes:
        """Low s; v starts at 27, or at 31 for a hash that was prefixed."""
        signed = self.key.sign_recoverable(digest, hasher=None)
        return bytes(signed[:64]) + bytes([signed[64] + v])


def ascending(people: list[Person]) -> list[Person]:
    return sorted(people, key=lambda person: address_bytes(person.address))
