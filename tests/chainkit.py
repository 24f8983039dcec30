"""Real contracts on a real node, for tests: one anvil, its unlocked accounts, and the contracts that a system stands on.

Everything here is sent by accounts that the node holds; nothing is signed but what a Safe's owner must sign. Deployment
is as plain as it gets: the way a network is really deployed is `governance.life.deploy`.
"""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.core import merkle
from governance.core.artifact import abi_type
from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.facts import Head, Receipt, Route
from governance.core.keccak import keccak
from governance.core.network import Network, TargetKind
from governance.core.operation import Operation
from governance.core.safetx import SafeTx, execution
from governance.core.signable import Signable
from governance.core.units import (
    ZERO_ADDRESS,
    ZERO_WORD,
    Address,
    Bytes32,
    Duration,
    checksummed,
    hex_bytes,
    to_hex,
    word,
)

ROOT = Path(__file__).resolve().parents[1]
CHAIN_ID = 31337
ACCOUNTS = 10
GAS = 16_000_000
"""Given with every transaction, so that one that reverts is mined and not refused by an estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One of anvil's published test accounts."""

    address: Address
    key: bytes

    def sign(self, what: Signable | Bytes32) -> bytes:
        """65 bytes r ‖ s ‖ v over a hash as it is, v in {27, 28}."""
        from coincurve import PrivateKey

        digest = what if isinstance(what, bytes) else what.hash
        signature = PrivateKey(self.key).sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A running anvil."""

    process: anvil.Process
    accounts: tuple[Account, ...]

    @property
    def url(self) -> str:
        return self.process.url

    @property
    def chain(self) -> NodeChain:
        """A new reader, which remembers nothing."""
        return NodeChain(self.url, CHAIN_ID, "devnet")

    def ask(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC request."""
        return anvil.ask(self.url, method, *params)

    def head(self) -> Head:
        return self.chain.head()

    def address(self, i: int) -> Address:
        return self.accounts[i].address

    def send(self, call: Call, *, sender: Address | None = None) -> Receipt:
        """Mine a transaction by an unlocked account and give its receipt, reverted or not."""
        request = {"to": call.to, "data": to_hex(call.data), "value": hex(call.value), "gas": hex(GAS)}
        return self._mined({**request, "from": sender or self.address(0)})

    def call(self, to: Address, signature: str, *arguments: Any, sender: Address | None = None) -> Receipt:
        """Send a call and demand that it succeeds."""
        receipt = self.send(call(to, signature, *arguments), sender=sender)
        assert receipt.status == 1, f"{signature} reverted"
        return receipt

    def send_as(self, sender: Address, call: Call) -> Receipt:
        """Send as anyone, as only a devnet can."""
        self.ask("anvil_setBalance", sender, hex(10**18))
        self.ask("anvil_impersonateAccount", sender)
        try:
            return self.send(call, sender=sender)
        finally:
            self.ask("anvil_stopImpersonatingAccount", sender)

    def read(self, to: Address, signature: str, *arguments: Any) -> Any:
        """The first output of a view, at the newest block."""
        fn = function(signature)
        request = {"to": to, "data": to_hex(encode_call(fn, arguments))}
        return decode(fn.outputs, hex_bytes(self.ask("eth_call", request, "latest")))[0]

    def set_slot(self, account: Address, slot: int, value: Bytes32) -> None:
        """Write storage behind a contract's back, and mine a block that has it."""
        self.ask("anvil_setStorageAt", account, to_hex(slot.to_bytes(32, "big")), to_hex(value))
        self.mine()

    def set_code(self, account: Address, code: bytes) -> None:
        self.ask("anvil_setCode", account, to_hex(code))
        self.mine()

    def mine(self) -> None:
        self.ask("evm_mine")

    def warp(self, seconds: int) -> None:
        """Move the clock and mine."""
        self.ask("evm_increaseTime", seconds)
        self.mine()

    def deploy_code(self, init_code: bytes) -> Address:
        """Create a contract from its init code."""
        request = {"from": self.address(0), "data": to_hex(init_code), "gas": hex(GAS)}
        tx_hash = self._sent(request)
        assert self._receipt(tx_hash).status == 1, "the constructor reverted"
        created = self.ask("eth_getTransactionReceipt", to_hex(tx_hash))["contractAddress"]
        return checksummed(hex_bytes(created))

    def deploy(self, name: str, *arguments: Any) -> Address:
        """Create a contract of `governance/artifacts` or `tests/artifacts`."""
        return self.deploy_code(init_code(artifact(name), *arguments))

    @contextmanager
    def undone(self) -> Iterator["Node"]:
        """Forget on exit everything that happened inside."""
        snapshot = self.ask("evm_snapshot")
        try:
            yield self
        finally:
            self.ask("evm_revert", snapshot)

    def _mined(self, request: dict[str, Any]) -> Receipt:
        return self._receipt(self._sent(request))

    def _sent(self, request: dict[str, Any]) -> Bytes32:
        return word(self.ask("eth_sendTransaction", request))

    def _receipt(self, tx_hash: Bytes32) -> Receipt:
        chain = self.chain
        for _ in anvil.ticks():
            receipt = chain.receipt(tx_hash)
            if receipt is not None:
                return receipt
        raise AssertionError(f"{to_hex(tx_hash)} was never mined")


@contextmanager
def running(folder: Path) -> Iterator[Node]:
    """Start an anvil that ends with the block."""
    config = folder / "config.json"
    process = anvil.start(
        anvil.require_anvil(ROOT), chain_id=CHAIN_ID, accounts=ACCOUNTS, log=folder / "log", config=config
    )
    try:
        keys = json.loads(config.read_text("utf-8"))["private_keys"]
        yield Node(process=process, accounts=tuple(_account(hex_bytes(key)) for key in keys))
    finally:
        anvil.stop(process)


def _account(key: bytes) -> Account:
    from coincurve import PublicKey

    public = PublicKey.from_secret(key).format(compressed=False)[1:]
    return Account(address=checksummed(keccak(public)[12:]), key=key)


def call(to: Address, signature: str, *arguments: Any) -> Call:
    """A call by its signature and typed arguments."""
    fn: Function = function(signature)
    return Call(to=to, data=encode_call(fn, arguments), summary=fn.name)


@cache
def artifact(name: str) -> dict[str, Any]:
    """A compiled contract, of the package or of the tests."""
    for folder in (ROOT / "governance" / "artifacts", ROOT / "tests" / "artifacts"):
        if (folder / f"{name}.json").exists():
            return load(folder / f"{name}.json")
    raise AssertionError(f"no artifact {name}")


@cache
def safe_artifact(name: str) -> dict[str, Any]:
    """A contract as safe-eth-py bundles it: `Safe_V1_4_1`, `Proxy_V1_3_0`. Loaded without loading safe-eth-py."""
    spec = importlib.util.find_spec("safe_eth")
    assert spec is not None
    assert spec.origin is not None
    return load(Path(spec.origin).parent / "eth" / "contracts" / "abis" / f"{name}.json")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def init_code(compiled: dict[str, Any], *arguments: Any) -> bytes:
    """Creation code and encoded constructor arguments."""
    from eth_abi.abi import encode

    inputs = [p for entry in compiled["abi"] if entry["type"] == "constructor" for p in entry["inputs"]]
    return bytes.fromhex(compiled["bytecode"].removeprefix("0x")) + encode([abi_type(p) for p in inputs], arguments)


SAFE_SINGLETONS = {"1.3.0": "GnosisSafe_V1_3_0", "1.4.1": "Safe_V1_4_1", "1.5.0": "Safe_V1_5_0"}
SETUP = "setup(address[],uint256,address,bytes,address,address,uint256,address)"


def deploy_safe(
    node: Node,
    owners: Sequence[Address],
    threshold: int,
    *,
    version: str = "1.4.1",
    fallback_handler: Address = ZERO_ADDRESS,
) -> Address:
    """A Safe behind a proxy, set up. A fresh singleton each time: tests may break it."""
    singleton = node.deploy_code(init_code(safe_artifact(SAFE_SINGLETONS[version])))
    proxy = node.deploy_code(init_code(safe_artifact(f"Proxy_V{version.replace('.', '_')}"), singleton))
    nobody = ZERO_ADDRESS
    node.call(proxy, SETUP, list(owners), threshold, nobody, b"", fallback_handler, nobody, 0, nobody)
    return proxy


def safe_tx(node: Node, safe: Address, call: Call, **changes: Any) -> SafeTx:
    """The Safe transaction of a call, at the Safe's own nonce unless told otherwise."""
    nonce = changes.pop("nonce", None)
    chosen = node.read(safe, "nonce()(uint256)") if nonce is None else nonce
    fields = {"to": call.to, "value": call.value, "data": call.data, "nonce": chosen, **changes}
    return SafeTx(chain_id=CHAIN_ID, safe=safe, **fields)


def signatures(tx: SafeTx, signers: Sequence[Account]) -> bytes:
    """What `execTransaction` takes: signatures in order of their owners' addresses."""
    ordered = sorted(signers, key=lambda account: account.address.lower())
    return b"".join(account.sign(tx.hash) for account in ordered)


def exec_safe(node: Node, tx: SafeTx, signers: Sequence[Account]) -> Receipt:
    """Send a signed Safe transaction. The receipt's status is not success: look at the logs."""
    return node.send(execution(tx, signatures(tx, signers)))


def deploy_timelock(
    node: Node,
    *,
    delay: int,
    proposers: Sequence[Address],
    executors: Sequence[Address] = (ZERO_ADDRESS,),
    admin: Address = ZERO_ADDRESS,
) -> Address:
    """OpenZeppelin's TimelockController. Proposers are cancellers too; anyone executes unless told otherwise."""
    return node.deploy("TimelockController", delay, list(proposers), list(executors), admin)


def operation(timelock: Address, calls: Sequence[Call], *, delay: int, salt: bytes = b"") -> Operation:
    """A timelock operation with a salt of its own."""
    return Operation(
        timelock=timelock,
        calls=tuple(calls),
        predecessor=ZERO_WORD,
        salt=Bytes32(keccak(salt)),
        delay=Duration(delay),
    )


APPLY_ROUTES = "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])"


def deploy_facet(node: Node, name: str) -> tuple[Route, ...]:
    """A facet, and a route to it for each of its functions."""
    where = node.deploy(name)
    code_hash = Bytes32(keccak(hex_bytes(node.ask("eth_getCode", where, "latest"))))
    selectors = artifact(name)["methodIdentifiers"].values()
    return tuple(Route(selector=bytes.fromhex(s), facet=where, code_hash=code_hash) for s in sorted(selectors))


def commit(node: Node, dispatcher: Address, routes: Sequence[Route], *, epoch: int = 1, by: int = 0) -> Bytes32:
    """Commit the manifest of these routes and apply them all, by one account that may. Gives the root."""
    tree = merkle.build(merkle.leaves(merkle.Profile.B, routes), merkle.Profile.B, merkle.Odd.PROMOTE)
    proofs = [merkle.prove(tree, i) for i in range(len(routes))]
    sender = node.address(by)
    node.call(dispatcher, "commitRoot(bytes32,uint64)", tree.root, epoch, sender=sender)
    node.call(
        dispatcher,
        APPLY_ROUTES,
        [route.selector for route in routes],
        [route.facet for route in routes],
        [route.code_hash for route in routes],
        [list(proof.siblings) for proof in proofs],
        [list(proof.is_right) for proof in proofs],
        sender=sender,
    )
    return tree.root


def activate(node: Node, dispatcher: Address, *, by: int = 0) -> None:
    """Activate what was committed."""
    node.call(dispatcher, "activateCommittedRoot()", sender=node.address(by))


def network(target: Address, *, kind: TargetKind = TargetKind.MANIFEST_DISPATCHER, **places: Address) -> Network:
    """A network of a policy, with the zero address wherever a test does not care."""
    nowhere = dict.fromkeys(("council", "guardian", "timelock", "policy_anchor"), ZERO_ADDRESS)
    return Network(name="devnet", chain_id=CHAIN_ID, target=target, target_kind=kind, **{**nowhere, **places})
