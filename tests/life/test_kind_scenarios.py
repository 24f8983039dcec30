"""Every kind through its whole life on a real node, and its inverse back to the first state, slot by slot."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.adapters import anvil
from governance.adapters.files import parse
from governance.core import tree
from governance.core.call import encode_call, function
from governance.core.facts import Generation
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Lane
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, checksummed, hex_bytes, to_hex
from governance.life.observe import IMPLEMENTATION_SLOT
from tests import sites
from tests.sites import DAY, Devnet, Options, Place, people

pytestmark = pytest.mark.node

BUILD = sites.ROOT / "contracts/node_modules/@openzeppelin/contracts/build/contracts"
SAFE_NONCE_SLOT, TIMESTAMPS_SLOT = 5, 1
ANSWERS_ONE = hex_bytes("0x60015f5260205ff3")
"""Runtime code that answers 1, or true, to everything: also a guard that says it is one."""
OF_THE_CHAIN = {"0x0000f90827f1c53a10cb7a02335b175320002935", "0x000f3df6d732807ef1319fb7b8bb8522d0beac02"}
"""Where the chain itself writes in every block (EIP-2935, EIP-4788)."""
SECOND = checksummed(b"\x22" * 20)

Body = dict[str, Any]
Story = Callable[[Place, Devnet], Body]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("kinds")) as made:
        yield made


def document(body: Body) -> str:
    head = {"schema": "governance/v1", "title": "Try it", "author": "alice", "networks": ["devnet"], "summary": "why"}
    return json.dumps({**head, **body})


def live(place: Place, name: str, body: Body) -> sites.pin.Planned:
    """The whole life; ends verified."""
    lane = KINDS[body["kind"]].lane
    place.write(name, document(body))
    planned = place.lock(name)
    place.sign(name, *quorum(place, lane))
    if lane is Lane.TIMELOCK:
        place.queue(name)
        place.warp(7 * DAY)
    place.execute(name)
    seen = place.verify(name)
    assert seen.ok, seen.seen
    assert seen.seen
    return planned


def quorum(place: Place, lane: Lane) -> list[str]:
    """As many owners of the lane's Safe as it asks for now."""
    safe = place.site.safe(lane).look(place.site.chain.head())
    names = [name for name, account in people().items() if account.address in safe.owners]
    return names[: safe.threshold]


def inverse(place: Place, planned: sites.pin.Planned) -> Body:
    proposal = place.space.proposal(planned.plan.proposal)
    kind = KINDS[proposal.document.kind]
    assert kind.questions(proposal.document, place.site.network, planned.plan.pins)
    found = kind.inverse(proposal.document, place.site.network, planned.plan.pins)
    assert found is not None
    return found


def storage(node: Devnet) -> dict[tuple[str, int], int]:
    """Every slot of every account that is not zero."""
    dumped = json.loads(gzip.decompress(hex_bytes(node.ask("anvil_dumpState"))))
    return {
        (account.lower(), int(slot, 16)): int(value, 16)
        for account, each in dumped["accounts"].items()
        for slot, value in each["storage"].items()
        if int(value, 16) and account.lower() not in OF_THE_CHAIN
    }


def marks(place: Place, *plans: sites.pin.Planned) -> set[tuple[str, int]]:
    """What every life leaves behind: the Safes' nonces, and that the operations are done."""
    network = place.site.network
    left = {(safe.lower(), SAFE_NONCE_SLOT) for safe in (network.council, network.guardian)}
    for step in (step for planned in plans for step in planned.plan.steps if step.operation is not None):
        assert step.operation is not None
        slot = keccak(step.operation.id + TIMESTAMPS_SLOT.to_bytes(32, "big"))
        left.add((network.timelock.lower(), int.from_bytes(slot, "big")))
    return left


def deploy(node: Devnet, code: bytes) -> Address:
    sent = node.ask("eth_sendTransaction", {"from": people()["dave"].address, "data": to_hex(code)})
    receipts = (node.ask("eth_getTransactionReceipt", sent) for _ in anvil.ticks())
    receipt = next(found for found in receipts if found is not None)
    assert receipt["status"] == "0x1"
    return checksummed(hex_bytes(receipt["contractAddress"]))


def built(name: str, types: tuple[str, ...], *arguments: Any) -> bytes:
    """Init code of one of OpenZeppelin's own builds."""
    code = json.loads((BUILD / f"{name}.json").read_text("utf-8"))["bytecode"]
    return hex_bytes(code) + encode_call(function(f"constructor({','.join(types)})"), arguments)[4:]


def implementation(number: int) -> bytes:
    """Runtime code that is UUPS for anyone, and answers `number` to all else."""
    slot = IMPLEMENTATION_SLOT.to_bytes(32, "big").hex()
    return bytes.fromhex(
        "5f3560e01c"  # the selector
        "806352d1902d14602057"  # proxiableUUID() answers the slot
        "634f1ef28614604857"  # upgradeToAndCall(address,bytes) stores the address there
        f"60{number:02x}5f5260205ff3"
        f"5b7f{slot}5f5260205ff3"
        f"5b6004357f{slot}5500"
    )


# ---- stories -----------------------------------------------------------------------------------------------------------


def _roles(place: Place, node: Devnet) -> Body:
    changes = [
        {"on": "target", "grant": "EMERGENCY_ROLE", "account": SECOND},
        {"on": "timelock", "grant": "CANCELLER_ROLE", "account": SECOND},
        {"on": "target", "revoke": "COMMIT_ROLE", "account": place.site.network.timelock},
        {"on": "timelock", "grant": to_hex(keccak(b"A_ROLE_OF_OUR_OWN")), "account": SECOND},
    ]
    return {"kind": "role_change", "changes": changes}


def _timelock(place: Place, node: Devnet) -> Body:
    changes = [
        {"grant": "PROPOSER_ROLE", "account": SECOND},
        {"revoke": "EXECUTOR_ROLE", "account": ZERO_ADDRESS},
        {"grant": "EXECUTOR_ROLE", "account": people()["executor"].address},
    ]
    return {"kind": "timelock_change", "delay": "72 h", "changes": changes}


def _next(place: Place) -> str:
    """Another policies.yaml."""
    text = place.space.policy_file.read_text("utf-8")
    assert "grace: 14 d" in text
    return text.replace("grace: 14 d", "grace: 13 d")


def _policy(place: Place, node: Devnet) -> Body:
    digest = tree.digest(parse(_next(place), "policies.yaml"))
    return {"kind": "policy_change", "digest": to_hex(digest), "uri": "https://example.org/policies.yaml"}


def _council(body: Body) -> Story:
    def told(place: Place, node: Devnet) -> Body:
        place.set_code(SECOND, ANSWERS_ONE)
        return {"kind": "council_change", **body}

    return told


def _module(place: Place, node: Devnet) -> Body:
    """The guardian, which asks for a quorum of its own: a contract that nobody knows would be one key too many."""
    return {"kind": "council_change", "enable_module": place.site.network.guardian}


def _proxy(pattern: str) -> Story:
    def told(place: Place, node: Devnet) -> Body:
        old, new = checksummed(b"\x31" * 20), checksummed(b"\x32" * 20)
        place.set_code(old, implementation(1))
        place.set_code(new, implementation(2))
        timelock = place.site.network.timelock
        if pattern == "beacon":
            beacon = deploy(node, built("UpgradeableBeacon", ("address", "address"), old, timelock))
            proxy = deploy(node, built("BeaconProxy", ("address", "bytes"), beacon, b""))
        elif pattern == "transparent":
            types = ("address", "address", "bytes")
            proxy = deploy(node, built("TransparentUpgradeableProxy", types, old, timelock, b"\0" * 4))
        else:
            proxy = deploy(node, built("ERC1967Proxy", ("address", "bytes"), old, b"\0" * 4))
        expected = {"call": "number()(uint256)", "equals": "2", "to": proxy}
        body = {
            "kind": "proxy_upgrade",
            "proxy": proxy,
            "pattern": pattern,
            "implementation": new,
            "expect": [expected],
        }
        return body if pattern != "transparent" else {**body, "call": {"function": "setUp(uint256)", "args": ["7"]}}

    return told


def _unpause(place: Place, node: Devnet) -> Body:
    place.by_guardians("0009-stop", document({"kind": "emergency_pause", "reason": "a fault"}))
    return {"kind": "unpause", "reason": "the fault is gone"}


def _unpause_without_the_role(place: Place, node: Devnet) -> Body:
    network, role = place.site.network, Bytes32(keccak(b"EMERGENCY_ROLE"))
    place.timelock_does((network.target, "revokeRole(bytes32,address)", [role, network.timelock]))
    return _unpause(place, node)


def _batch(place: Place, node: Devnet) -> Body:
    grant = {"on": "target", "grant": "EMERGENCY_ROLE", "account": SECOND}
    entries = [
        {"kind": "role_change", "changes": [grant]},
        {"kind": "timelock_change", "delay": "96 h"},
        _policy(place, node),
    ]
    return {"kind": "batch", "entries": entries}


STORIES: dict[str, tuple[Story, Options]] = {
    "roles come and go": (_roles, Options()),
    "the timelock waits longer and others execute": (_timelock, Options()),
    "another policy": (_policy, Options()),
    "an owner comes": (_council({"add_owner": SECOND, "threshold": "4"}), Options()),
    "an owner is replaced": (
        _council({"swap_owner": {"old": people()["carol"].address, "new": SECOND}}),
        Options(safe_version="1.5.0"),
    ),
    "more must sign": (_council({"change_threshold": "4"}), Options()),
    "a guard": (_council({"set_guard": SECOND}), Options()),
    "a module": (_module, Options()),
    "another fallback handler": (_council({"set_fallback_handler": SECOND}), Options()),
    "a UUPS proxy": (_proxy("uups"), Options()),
    "a transparent proxy": (_proxy("transparent"), Options()),
    "a beacon": (_proxy("beacon"), Options()),
    "the pause of our own dispatcher ends": (_unpause, Options()),
    "the pause of a compact dispatcher ends by a lent role": (
        _unpause_without_the_role,
        Options(generation=Generation.COMPACT),
    ),
    "several at once": (_batch, Options()),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_kind_keeps_its_promise_and_its_inverse_leads_back(name: str, node: Devnet, tmp_path: Path) -> None:
    story, options = STORIES[name]
    with sites.on_anvil(node, tmp_path, options) as place:
        body = story(place, node)
        before = storage(node)
        there = live(place, "0001-there", body)
        between = storage(node)
        if place.site.anchor.digest(place.site.chain.head()) != place.space.policy().digest:
            place.space.policy_file.write_text(_next(place), "utf-8")
        back = live(place, "0002-back", inverse(place, there))
        after = storage(node)
    left = marks(place, there, back)
    assert {key for key, _ in before.items() ^ between.items()} - left
    assert {key: value for key, value in after.items() if key not in left} == {
        key: value for key, value in before.items() if key not in left
    }
