"""A Safe is known by its code; what it says is read at one block; what became of a transaction is in its logs."""

import pytest

from governance.adapters import safe as safe_adapter
from governance.adapters.chain import NodeChain
from governance.adapters.known import SAFE_PROXIES, SAFE_SINGLETONS
from governance.adapters.reverts import explain
from governance.adapters.safe import NodeSafe
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Head, SafeOutcome
from governance.core.keccak import keccak
from governance.core.safelayout import FALLBACK_SLOT, GUARD_SLOT, SENTINEL
from governance.core.safetx import VERSIONS, SafeOperation, SafeTx, execution
from governance.core.units import (
    ZERO_ADDRESS,
    Address,
    Bytes32,
    Moment,
    address_bytes,
    checksummed,
    to_hex,
)
from tests import chainkit
from tests.adapters.badnode import by_method, serving
from tests.chainkit import ROOT, Node, call, deploy_safe, exec_safe, safe_artifact, safe_tx, signatures

MODULES_SLOT = 1
"""Of the mapping that is the linked list."""
THRESHOLD_SLOT = 4
PUBLISHED = ROOT / "contracts" / "node_modules" / "@safe-global"


def owners(node: Node, *which: int) -> tuple[Address, ...]:
    return tuple(node.address(i) for i in which)


@pytest.fixture
def council(node: Node) -> Address:
    return deploy_safe(node, owners(node, 1, 2, 3), 2)


def reader(node: Node, safe: Address) -> NodeSafe:
    return NodeSafe(node.chain, safe)


def word_of(account: Address) -> Bytes32:
    return Bytes32(address_bytes(account).rjust(32, b"\0"))


def refusal(node: Node, safe: Address) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        reader(node, safe).look(node.head())
    (finding,) = caught.value.findings
    assert caught.value.message == "this is not a Safe to be trusted"
    return finding.rule, finding.message


# ---- whom to believe -----------------------------------------------------------------------------------------------


def code_hash(compiled: dict[str, object]) -> Bytes32:
    return Bytes32(keccak(bytes.fromhex(str(compiled["deployedBytecode"]).removeprefix("0x"))))


def test_known_code_hashes_are_those_of_the_published_builds() -> None:
    """All but GnosisSafe 1.3.0, whose package is not installed here."""
    bundled = {code_hash(safe_artifact(name)): version for version, name in chainkit.SAFE_SINGLETONS.items()}
    published = {
        code_hash(chainkit.load(PUBLISHED / package / f"build/artifacts/contracts/{name}.sol/{name}.json")): version
        for package, version in (("safe-contracts", "1.4.1"), ("safe-smart-account", "1.5.0"))
        for name in ("Safe", "SafeL2")
        if PUBLISHED.is_dir()
    }
    assert bundled.items() <= SAFE_SINGLETONS.items()
    assert published.items() <= SAFE_SINGLETONS.items()
    assert set(SAFE_SINGLETONS.values()) == set(VERSIONS)
    if published:
        unaccounted = [to_hex(known) for known in SAFE_SINGLETONS if known not in bundled and known not in published]
        assert unaccounted == ["0xbba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e"]


def test_known_proxies_are_those_that_the_library_bundles() -> None:
    versions = ("1.0.0", "1.1.1", *VERSIONS)
    assert {code_hash(safe_artifact(f"Proxy_V{v.replace('.', '_')}")): v for v in versions} == SAFE_PROXIES


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_a_safe_of_every_version_is_read_whole(node: Node, version: str) -> None:
    """threat_39"""
    handler = node.deploy("Sink")
    safe = deploy_safe(node, owners(node, 3, 1, 2), 2, version=version, fallback_handler=handler)
    facts = reader(node, safe).look(node.head())
    assert (facts.address, facts.version) == (safe, version)
    assert SAFE_SINGLETONS[facts.singleton_code_hash] == SAFE_PROXIES[facts.proxy_code_hash] == version
    assert facts.owners == owners(node, 3, 1, 2)
    assert (facts.threshold, facts.nonce, facts.modules) == (2, 0, ())
    assert (facts.guard, facts.fallback_handler) == (ZERO_ADDRESS, handler)
    assert node.ask("eth_getCode", facts.singleton, "latest") != "0x"


@pytest.mark.node
def test_the_whole_look_takes_three_requests(node: Node, council: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    from governance.adapters.rpc import Rpc

    head, chain = node.head(), node.chain
    posted: list[int] = []
    post = Rpc._post

    def counted(self: Rpc, requests: list[object], attempts: int) -> object:
        posted.append(len(requests))
        return post(self, requests, attempts)  # type: ignore[arg-type]

    monkeypatch.setattr(Rpc, "_post", counted)
    NodeSafe(chain, council).look(head)
    assert posted == [3, 2, 5]


@pytest.mark.node
def test_a_swapped_singleton_is_refused_however_well_it_lies(node: Node, council: Address) -> None:
    """threat_39: the proxy now delegates to code that answers like a Safe and is none."""
    before = node.head()
    singleton = reader(node, council).look(before).singleton
    true_code = bytes.fromhex(node.ask("eth_getCode", singleton, "latest")[2:])
    impostor = checksummed(b"\x66" * 20)
    node.set_code(impostor, true_code + b"\x00")  # same behaviour, other code
    node.set_slot(council, 0, word_of(impostor))
    assert node.read(council, "VERSION()(string)") == "1.4.1"
    rule, message = refusal(node, council)
    assert rule == "safe-singleton"
    assert impostor in message
    assert reader(node, council).look(before).singleton == singleton  # it was right at that block


@pytest.mark.node
def test_a_proxy_that_only_looks_like_one_is_refused(node: Node, council: Address) -> None:
    """threat_39: slot 0 means nothing to code that need not follow it."""
    code = bytes.fromhex(node.ask("eth_getCode", council, "latest")[2:])
    node.set_code(council, code + b"\x00")
    assert node.read(council, "VERSION()(string)") == "1.4.1"
    assert refusal(node, council)[0] == "safe-proxy"


@pytest.mark.node
def test_what_is_no_safe_at_all_is_refused(node: Node) -> None:
    nobody = checksummed(b"\x99" * 20)
    assert refusal(node, nobody) == ("safe-no-code", f"{nobody} has no code")
    singleton = node.deploy_code(chainkit.init_code(safe_artifact("Safe_V1_4_1")))
    assert refusal(node, singleton)[0] == "safe-proxy"
    assert refusal(node, node.deploy("Sink"))[0] == "safe-proxy"


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_a_proxy_that_nobody_set_up_is_refused(node: Node, version: str) -> None:
    singleton = node.deploy_code(chainkit.init_code(safe_artifact(chainkit.SAFE_SINGLETONS[version])))
    proxy = node.deploy_code(chainkit.init_code(safe_artifact(f"Proxy_V{version.replace('.', '_')}"), singleton))
    assert refusal(node, proxy)[0] in {"safe-read", "safe-threshold"}


@pytest.mark.node
@pytest.mark.parametrize("threshold", [0, 4])
def test_a_threshold_that_nobody_or_anybody_reaches_is_refused(node: Node, council: Address, threshold: int) -> None:
    node.set_slot(council, THRESHOLD_SLOT, Bytes32(threshold.to_bytes(32, "big")))
    rule, message = refusal(node, council)
    assert rule == "safe-threshold"
    assert f"threshold {threshold} and 3 owners" in message


@pytest.mark.node
def test_a_version_that_contradicts_the_code_is_refused(
    node: Node, council: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    singleton_hash = reader(node, council).look(node.head()).singleton_code_hash
    monkeypatch.setitem(SAFE_SINGLETONS, singleton_hash, "1.5.0")
    assert refusal(node, council) == ("safe-version", f"{council} says version 1.4.1, its code is 1.5.0")


@pytest.mark.parametrize("given", ["0x", "0x" + "ff" * 32])
def test_known_code_that_does_not_answer_as_it_must_is_refused(given: str) -> None:
    """threat_15: the code may be right and the node's answers wrong."""
    safe, singleton = (checksummed(bytes([n]) * 20) for n in (0x5A, 0x51))
    codes = {safe: safe_artifact("Proxy_V1_4_1"), singleton: safe_artifact("Safe_V1_4_1")}
    script = by_method(
        eth_getStorageAt=to_hex(word_of(singleton)),
        eth_getCode=lambda account, _: codes[account]["deployedBytecode"],
        eth_call=given,
    )
    head = Head(chain_id=chainkit.CHAIN_ID, number=1, hash=Bytes32(bytes(32)), timestamp=Moment(1))
    with serving(script) as node, pytest.raises(Refused) as caught:
        NodeSafe(NodeChain(node.url, chainkit.CHAIN_ID, "devnet"), safe).look(head)
    (finding,) = caught.value.findings
    assert finding.rule == "safe-read"
    assert finding.message == f"{safe} answers VERSION() with something else"


# ---- what it is at one block ---------------------------------------------------------------------------------------


@pytest.mark.node
def test_owners_threshold_and_nonce_are_those_of_the_block_that_is_asked(node: Node, council: Address) -> None:
    """threat_31, threat_32: somebody leaves and the threshold falls between two looks."""
    before = node.head()
    leave = call(council, "removeOwner(address,address,uint256)", node.address(1), node.address(2), 1)
    assert exec_safe(node, safe_tx(node, council, leave), [node.accounts[1], node.accounts[2]]).status == 1
    after = node.head()
    old, new = (reader(node, council).look(at) for at in (before, after))
    assert (old.owners, old.threshold, old.nonce) == (owners(node, 1, 2, 3), 2, 0)
    assert (new.owners, new.threshold, new.nonce) == (owners(node, 1, 3), 1, 1)


@pytest.mark.node
def test_guard_handler_and_modules_are_seen_wherever_they_came_from(node: Node, council: Address) -> None:
    """threat_38, threat_39: also when a delegatecall wrote them straight into storage."""
    guard, handler, module = (checksummed(bytes([n]) * 20) for n in (0x71, 0x72, 0x73))
    node.set_slot(council, GUARD_SLOT, word_of(guard))
    node.set_slot(council, FALLBACK_SLOT, word_of(handler))
    chain_modules(node, council, [module])
    facts = reader(node, council).look(node.head())
    assert (facts.guard, facts.fallback_handler, facts.modules) == (guard, handler, (module,))


def test_guard_and_handler_slots_are_the_published_ones() -> None:
    assert GUARD_SLOT == 0x4A204F620C8C5CCDCA3FD54D003BADD85BA500436A431F0CBDA4F558C93C34C8
    assert FALLBACK_SLOT == 0x6C9A6C4A39284E37ED1CF53D337577D14212A4870FB976A4366C693B939918D5


def chain_modules(node: Node, safe: Address, modules: list[Address], last: Address = SENTINEL) -> None:
    """Write the linked list of modules."""
    for here, following in zip([SENTINEL, *modules], [*modules, last], strict=True):
        slot = int.from_bytes(keccak(word_of(here) + MODULES_SLOT.to_bytes(32, "big")), "big")
        node.set_slot(safe, slot, word_of(following))


@pytest.mark.node
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("version", VERSIONS)
def test_no_module_falls_between_two_pages(
    node: Node, version: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """threat_39: 1.3.0 leaves the first module of each further page out of both."""
    monkeypatch.setattr(safe_adapter, "PAGE", 2)
    safe = deploy_safe(node, owners(node, 1), 1, version=version)
    modules = [checksummed(bytes([0x80 + i]) * 20) for i in range(count)]
    chain_modules(node, safe, modules)
    assert reader(node, safe).look(node.head()).modules == tuple(modules)


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_modules_in_a_circle_contradict(node: Node, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_adapter, "PAGE", 2)
    safe = deploy_safe(node, owners(node, 1), 1, version=version)
    modules = [checksummed(bytes([0x80 + i]) * 20) for i in range(3)]
    chain_modules(node, safe, modules, last=modules[0])
    with pytest.raises(ChainContradicts, match="runs in a circle"):
        reader(node, safe).look(node.head())


# ---- hashes and approvals ------------------------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_the_contract_hashes_as_we_do(node: Node, version: str) -> None:
    safe = deploy_safe(node, owners(node, 1), 1, version=version)
    plain = SafeTx(chain_id=chainkit.CHAIN_ID, safe=safe, to=node.address(5), nonce=0)
    full = SafeTx(
        chain_id=chainkit.CHAIN_ID,
        safe=safe,
        to=node.address(5),
        value=2**256 - 1,
        data=b"\x01" * 100,
        operation=SafeOperation.DELEGATECALL,
        safe_tx_gas=1,
        base_gas=2,
        gas_price=3,
        gas_token=node.address(6),
        refund_receiver=node.address(7),
        nonce=2**255,
    )
    head = node.head()
    for tx in (plain, full):
        assert reader(node, safe).hash_of(tx, head) == tx.hash


@pytest.mark.node
def test_owners_who_approved_on_chain_are_told_from_those_who_did_not(node: Node, council: Address) -> None:
    """threat_40"""
    tx = safe_tx(node, council, call(node.address(5), "x()"))
    before = node.head()
    node.call(council, "approveHash(bytes32)", tx.hash, sender=node.address(2))
    asked, safe = owners(node, 1, 2, 3), reader(node, council)
    assert safe.approved(tx.hash, asked, node.head()) == {node.address(2)}
    assert safe.approved(tx.hash, asked, before) == frozenset()
    assert safe.approved(Bytes32(keccak(b"other")), asked, node.head()) == frozenset()
    assert safe.approved(tx.hash, [], node.head()) == frozenset()


@pytest.mark.node
def test_the_execution_call_is_what_the_contract_takes(node: Node, council: Address) -> None:
    box = node.deploy("Box")
    tx = safe_tx(node, council, call(box, "set(uint256)", 4))
    send = reader(node, council).execution(tx, signatures(tx, node.accounts[1:3]))
    assert node.send(send).status == 1
    assert (node.read(box, "value()(uint256)"), node.read(box, "setter()(address)").lower()) == (4, council.lower())


# ---- what became of it ---------------------------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("version", VERSIONS)
def test_a_failure_with_status_1_is_a_failure_and_spends_the_nonce(node: Node, version: str) -> None:
    """threat_36: with safeTxGas above zero the receipt says 1 and the log says no."""
    safe = deploy_safe(node, owners(node, 1), 1, version=version)
    box, signers = node.deploy("Box"), [node.accounts[1]]
    good = safe_tx(node, safe, call(box, "set(uint256)", 4))
    first = exec_safe(node, good, signers)
    bad = safe_tx(node, safe, call(box, "set(uint256)", 13), safe_tx_gas=50_000)
    second = exec_safe(node, bad, signers)
    never = safe_tx(node, safe, call(box, "set(uint256)", 5))
    assert (first.status, second.status) == (1, 1)
    head = node.head()
    assert reader(node, safe).look(head).nonce == 2
    assert reader(node, safe).outcomes([never.hash, bad.hash, good.hash], head) == [
        None,
        SafeOutcome(success=False, block=second.block, tx_hash=second.tx_hash),
        SafeOutcome(success=True, block=first.block, tx_hash=first.tx_hash),
    ]


@pytest.mark.node
def test_with_both_gas_fields_at_zero_a_failure_reverts_and_keeps_the_nonce(node: Node, council: Address) -> None:
    """threat_36"""
    box, signers = node.deploy("Box"), node.accounts[1:3]
    tx = safe_tx(node, council, call(box, "set(uint256)", 13))
    head = node.head()
    answer = node.chain.dry_run(execution(tx, signatures(tx, signers)), sender=node.address(0), at=head)
    assert explain(answer.data) == "GS013: the inner call failed, and the Safe kept its nonce"
    assert exec_safe(node, tx, signers).status == 0
    head = node.head()
    assert reader(node, council).look(head).nonce == 0
    assert reader(node, council).outcomes([tx.hash], head) == [None]


@pytest.mark.node
def test_a_call_to_an_account_without_code_succeeds_and_says_so(node: Node, council: Address) -> None:
    """threat_29"""
    tx = safe_tx(node, council, call(checksummed(b"\x55" * 20), "set(uint256)", 1))
    exec_safe(node, tx, node.accounts[1:3])
    (outcome,) = reader(node, council).outcomes([tx.hash], node.head())
    assert outcome is not None
    assert outcome.success


@pytest.mark.node
def test_what_the_safe_says_to_bad_signatures_is_told_in_words(node: Node, council: Address) -> None:
    """threat_35: four of these are one code to the contract."""
    tx = safe_tx(node, council, call(node.address(5), "x()"))
    one, two, stranger = (node.accounts[i].sign(tx.hash) for i in (1, 2, 9))
    low, high = sorted([(node.address(1).lower(), one), (node.address(2).lower(), two)])
    stale = safe_tx(node, council, call(node.address(5), "x()"), nonce=7)
    cases = {
        "too few": (one, "GS020"),
        "out of order": (high[1] + low[1], "GS026"),
        "the same owner twice": (one + one, "GS026"),
        "not an owner": (min(one, stranger) + max(one, stranger), "GS026"),
        "over another nonce": (signatures(stale, node.accounts[1:3]), "GS026"),
        "v = 1 without an approval": (one[:64] + b"\x01" + two[:64] + b"\x01", "GS025"),
    }
    head = node.head()
    for name, (blob, code) in cases.items():
        answer = node.chain.dry_run(execution(tx, blob), sender=node.address(9), at=head)
        assert not answer.ok, name
        assert explain(answer.data).startswith(code), name
    fine = node.chain.dry_run(execution(tx, low[1] + high[1]), sender=node.address(9), at=head)
    assert fine.ok
