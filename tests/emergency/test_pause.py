"""The pause by itself, on real nodes: what it sends, what it refuses, and that nobody waits for anybody else."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from governance.core.call import encode_call, function
from governance.core.units import to_hex
from governance.emergency.__main__ import main
from governance.emergency.bundle import Endpoint, Place
from governance.emergency.look import Seen
from governance.emergency.node import Node
from governance.emergency.pause import GWEI, fees
from governance.emergency.trouble import Denied
from tests.adapters.badnode import Questions, Reply, answers, failure, serving
from tests.chainkit import ROOT, call, exec_safe, safe_tx
from tests.emergency.conftest import PASSWORD, PAYER, STRANGER, Stand, signed, write_bundle

pytestmark = pytest.mark.node

Run = Callable[..., tuple[int, dict[str, Any], str]]
SECRET = "5ecret-in-a-path"


def one_line(text: str) -> int:
    """A descriptor that gives a password."""
    end, other = os.pipe()
    os.write(other, f"{text}\n".encode())
    os.close(other)
    return end


@pytest.fixture
def run(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`pause` over some networks, in this process: exit code, JSON by network, messages."""

    def act(*places: Place, broadcast: bool = True, password: str = PASSWORD, words: tuple[str, ...] = ()) -> Any:
        bundle = write_bundle(tmp_path, *places)
        arguments = ["pause", "--bundle", str(bundle), "--key", str(key), "--password-fd", str(one_line(password))]
        code = main([*arguments, "--json", *words, *(["--broadcast"] if broadcast else [])])
        out, err = capsys.readouterr()
        document = json.loads(out)
        return code, {each["network"]: each for each in document.get("networks", [])} or document, err

    return act


def test_it_pauses_and_says_by_whose_signatures_and_how_soon(stand: Stand, run: Run) -> None:
    """threat_53"""
    code, networks, err = run(stand.place())
    found = networks["devnet"]
    assert (code, found["state"], stand.paused, stand.nonce) == (0, "paused", True, 1)
    assert set(found["signers"]) == {each.address for each in stand.guardians[:2]}
    receipt = stand.node.ask("eth_getTransactionReceipt", found["tx_hash"])
    assert int(receipt["from"], 16) == int(stand.node.address(PAYER), 16)
    assert 0 < found["sent_after"] < found["paused_after"]
    assert f"devnet: sent {found['tx_hash']}" in err


def test_without_broadcast_it_ends_with_the_dry_run(stand: Stand, run: Run) -> None:
    before = stand.node.ask("eth_blockNumber")
    code, networks, _ = run(stand.place(), broadcast=False)
    found = networks["devnet"]
    assert (code, found["state"], found["hint"]) == (1, "dry-run", "add --broadcast to send it")
    assert (stand.paused, stand.node.ask("eth_blockNumber")) == (False, before)


def test_a_second_time_it_says_that_it_is_paused(stand: Stand, run: Run) -> None:
    place = stand.place()
    assert run(place)[0] == 0
    code, networks, _ = run(place)
    assert (code, networks["devnet"]["state"], networks["devnet"]["tx_hash"], stand.nonce) == (
        0,
        "already-paused",
        "",
        1,
    )


def test_it_finds_the_entry_of_the_nonce_that_is_next(stand: Stand, run: Run) -> None:
    place = stand.place()
    spent = safe_tx(stand.node, stand.safe, call(stand.safe, "nonce()"))
    exec_safe(stand.node, spent, stand.guardians[:2])
    code, networks, _ = run(place)
    assert (code, networks["devnet"]["nonce"], stand.paused) == (0, 1, True)


def expired(stand: Stand) -> Place:
    return stand.place(expires=1)


def spent(stand: Stand) -> Place:
    place = stand.place(nonces=1)
    exec_safe(stand.node, safe_tx(stand.node, stand.safe, call(stand.safe, "nonce()")), stand.guardians[:2])
    return place


def owner_left(stand: Stand) -> Place:
    place = stand.place()
    leaving, staying, third = stand.guardians
    before = next(a for a, b in _pairs(stand) if b == leaving.address)
    swap = call(stand.safe, "swapOwner(address,address,address)", before, leaving.address, stand.node.address(STRANGER))
    exec_safe(stand.node, safe_tx(stand.node, stand.safe, swap), (staying, third))
    return place


def _pairs(stand: Stand) -> list[tuple[str, str]]:
    owners = stand.node.read(stand.safe, "getOwners()(address[])")
    named = [f"0x{1:040x}", *(next(g.address for g in stand.guardians if g.address.lower() == o) for o in owners)]
    return list(pairwise(named))


def higher_threshold(stand: Stand) -> Place:
    place = stand.place()
    exec_safe(
        stand.node, safe_tx(stand.node, stand.safe, call(stand.safe, "changeThreshold(uint256)", 3)), stand.guardians
    )
    return place


def no_role(stand: Stand) -> Place:
    role = stand.node.read(stand.target, "EMERGENCY_ROLE()(bytes32)")
    stand.node.call(stand.target, "revokeRole(bytes32,address)", role, stand.safe)
    return stand.place()


def poor(stand: Stand) -> Place:
    stand.node.ask("anvil_setBalance", stand.node.address(PAYER), "0x1")
    return stand.place()


REFUSED: dict[str, tuple[Callable[[Stand], Place], str]] = {
    "it has expired by the chain's clock": (expired, "has expired"),
    "every nonce of it is spent": (spent, "next nonce is 1, the bundle holds 0"),
    "one guardian signed, two are asked": (lambda stand: stand.place(signers=1), "1 of 2 signatures"),
    "who signed is an owner no longer": (owner_left, "1 of 2 signatures"),
    "the threshold was raised": (higher_threshold, "2 of 3 signatures"),
    "the guardian lost its role": (no_role, "would revert"),
    "the payer has nothing": (poor, "the payer has 1 wei"),
    "the guardian is no Safe": (lambda stand: replace(stand.place(nonces=0), safe=stand.target), "like a Safe"),
    "the target has no pause": (lambda stand: replace(stand.place(nonces=0), target=stand.safe), "paused()"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_before_anything_is_sent(name: str, stand: Stand, run: Run) -> None:
    """threat_31 threat_33"""
    make, words = REFUSED[name]
    place = make(stand)
    before = stand.node.ask("eth_blockNumber")
    code, networks, _ = run(place)
    found = networks["devnet"]
    assert (code, found["state"], found["tx_hash"]) == (1, "refused", "")
    assert words in found["words"]
    assert (stand.paused, stand.node.ask("eth_blockNumber")) == (False, before)


SEEN = Seen(
    node=Node("a node", "http://127.0.0.1:1"),
    block=1,
    time=1,
    paused=False,
    nonce=0,
    owners=(),
    threshold=1,
    payer_nonce=0,
    balance=10**18,
    base_fee=10 * GWEI,
    tip=2 * GWEI,
)
FEES: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "three times the base fee and twice the tip": ({}, {"maxFeePerGas": 34, "maxPriorityFeePerGas": 4}),
    "a tip of a gwei where the node asks none": ({"tip": 0}, {"maxFeePerGas": 31, "maxPriorityFeePerGas": 1}),
    "under the cap": ({"base_fee": 90 * GWEI}, {"maxFeePerGas": 100, "maxPriorityFeePerGas": 4}),
    "what the payer has": ({"balance": 12 * GWEI * 1000}, {"maxFeePerGas": 12, "maxPriorityFeePerGas": 4}),
    "a chain without a base fee": ({"base_fee": None, "tip": 7 * GWEI}, {"gasPrice": 14}),
}


@pytest.mark.parametrize("name", FEES)
def test_fees_are_bold_and_bounded(name: str) -> None:
    """threat_21"""
    changes, wanted = FEES[name]
    found = fees(replace(SEEN, **changes), gas=1000, cap=100 * GWEI)
    assert found == {field: gwei * GWEI for field, gwei in wanted.items()}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_fee": 101 * GWEI}, "the cap is 100"),
        ({"base_fee": None, "tip": 101 * GWEI}, "the cap is 100"),
        ({"balance": 1}, "the payer has 1 wei"),
    ],
)
def test_gas_that_is_too_dear_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Denied, match=words):
        fees(replace(SEEN, **changes), gas=1000, cap=100 * GWEI)


def test_what_has_expired_is_sent_when_that_is_asked_for(stand: Stand, run: Run) -> None:
    code, _, _ = run(stand.place(expires=1), words=("--even-expired",))
    assert (code, stand.paused) == (0, True)


def test_networks_are_paused_at_once_and_a_dead_one_delays_nobody(stand: Stand, second_stand: Stand, run: Run) -> None:
    """threat_1 threat_16 threat_57"""
    with serving(lambda _: Reply(status=0)) as dead:
        places = [
            replace(stand.place(name="silent"), endpoints=(Endpoint(url=f"{dead.url}/{SECRET}"),)),
            stand.place(name="first"),
            second_stand.place(name="second"),
            replace(stand.place(name="wrong"), chain_id=5, entries=()),
        ]
        code, networks, err = run(*places)
    states = {name: each["state"] for name, each in networks.items()}
    assert states == {"first": "paused", "second": "paused", "silent": "unreachable", "wrong": "unreachable"}
    assert (code, stand.paused, second_stand.paused) == (3, True, True)
    assert SECRET not in json.dumps(networks) + err


def test_only_the_networks_that_are_named_are_paused(stand: Stand, second_stand: Stand, run: Run) -> None:
    places = (stand.place(name="first"), replace(second_stand.place(name="second"), entries=()))
    code, networks, _ = run(*places, words=("-n", "first"))
    assert (code, set(networks)) == (0, {"first"})
    code, error, _ = run(*places, words=("-n", "nowhere"))
    assert (code, "holds nothing for nowhere" in error["message"]) == (1, True)


def test_a_second_endpoint_takes_over_and_a_variable_goes_before(
    stand: Stand, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """threat_1"""
    with serving(lambda _: Reply(status=500, body=b"no")) as broken:
        monkeypatch.setenv("GOV_RPC_DEVNET", broken.url)
        ends = (Endpoint(variable="GOV_RPC_DEVNET"), Endpoint(variable="GOV_RPC_UNSET"), Endpoint(url=stand.node.url))
        code, _, _ = run(replace(stand.place(), endpoints=ends))
        assert broken.asked
    assert (code, stand.paused) == (0, True)


def test_an_endpoint_that_redirects_is_not_followed_and_one_without_batches_is_asked_singly(
    stand: Stand, run: Run
) -> None:
    """threat_65"""

    def single(questions: Questions) -> Reply:
        if isinstance(questions, list):
            return answers({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}})
        return Reply(body=json.dumps({"jsonrpc": "2.0", "id": questions["id"], **_ask(stand, questions)}).encode())

    with serving(lambda _: Reply(status=302, headers=(("location", stand.node.url),))) as moved:
        code, networks, _ = run(replace(stand.place(), endpoints=(Endpoint(url=moved.url),)))
    assert (code, "HTTP status 302" in networks["devnet"]["words"], stand.paused) == (3, True, False)
    with serving(single) as slow:
        code, _, _ = run(replace(stand.place(), endpoints=(Endpoint(url=slow.url),)))
    assert (code, stand.paused) == (0, True)


def _ask(stand: Stand, question: dict[str, Any]) -> dict[str, Any]:
    from urllib.request import Request, urlopen

    body = json.dumps({**question, "jsonrpc": "2.0"}).encode()
    request = Request(stand.node.url, data=body, headers={"content-type": "application/json"})
    with urlopen(request, timeout=10) as response:
        found = json.load(response)
    return {name: found[name] for name in ("result", "error") if name in found}


def test_the_signed_bytes_go_to_every_endpoint(stand: Stand, run: Run) -> None:
    """threat_4: nothing is mined before both have them."""
    raws: dict[str, set[str]] = {"one": set(), "two": set()}

    def recording(name: str) -> Callable[[Questions], Reply]:
        forward = meanwhile(stand, lambda: None)

        def script(questions: Questions) -> Reply:
            reply = forward(questions)
            raws[name] |= {each["params"][0] for each in listed(questions) if each["method"] == SEND}
            if all(raws.values()):
                stand.node.mine()
            return reply

        return script

    with serving(recording("one")) as one, serving(recording("two")) as two:
        place = replace(stand.place(), endpoints=(Endpoint(url=one.url), Endpoint(url=two.url)))
        stand.node.ask("evm_setAutomine", False)
        try:
            code, networks, _ = run(place)
        finally:
            stand.node.ask("evm_setAutomine", True)
    assert (code, networks["devnet"]["state"]) == (0, "paused")
    assert raws["one"] == raws["two"]
    assert len(raws["one"]) == 1


SEND = "eth_sendRawTransaction"


def listed(questions: Any) -> list[dict[str, Any]]:
    return questions if isinstance(questions, list) else [questions]


def test_a_node_that_repeats_its_own_url_gives_no_secret_away(stand: Stand, run: Run) -> None:
    """threat_57"""

    def script(questions: Questions) -> Reply:
        words = f"not for http://127.0.0.1/v2/{SECRET}?key={SECRET}"
        return answers([failure(question, -32000, words) for question in questions])

    with serving(script, path=f"/v2/{SECRET}?key={SECRET}") as node:
        code, networks, err = run(replace(stand.place(), endpoints=(Endpoint(url=node.url),)))
    assert (code, networks["devnet"]["state"] in {"refused", "unreachable"}) in {(1, True), (3, True)}
    assert SECRET not in json.dumps(networks) + err


def meanwhile(stand: Stand, act: Callable[[], None]) -> Callable[[Questions], Reply]:
    """A node between whose dry run and whose broadcast somebody else acts."""

    def script(questions: Questions) -> Reply:
        asked = questions if isinstance(questions, list) else [questions]
        if any(question["method"] == "eth_sendRawTransaction" for question in asked) and not done:
            done.append(True)
            act()
        given = [{"jsonrpc": "2.0", "id": each["id"], **_ask(stand, each)} for each in asked]
        return answers(given if isinstance(questions, list) else given[0])

    done: list[bool] = []
    return script


def test_of_two_who_press_at_once_the_second_is_told_why_and_ends_well(stand: Stand, run: Run) -> None:
    """threat_70"""
    place = stand.place()

    def faster() -> None:
        pause = safe_tx(stand.node, stand.safe, call(stand.target, "pause()"))
        assert exec_safe(stand.node, pause, stand.guardians[:2]).status == 1

    with serving(meanwhile(stand, faster)) as node:
        code, networks, _ = run(replace(place, endpoints=(Endpoint(url=node.url),)))
    found = networks["devnet"]
    assert (code, found["state"], stand.paused, stand.nonce) == (0, "paused-by-another", True, 1)
    assert "reverted, since its nonce was spent" in found["words"]


def test_when_something_else_takes_the_nonce_it_goes_on_with_the_next(stand: Stand, run: Run) -> None:
    """threat_30"""
    place = stand.place()

    def other() -> None:
        exec_safe(stand.node, safe_tx(stand.node, stand.safe, call(stand.safe, "nonce()")), stand.guardians[:2])

    with serving(meanwhile(stand, other)) as node:
        code, networks, err = run(replace(place, endpoints=(Endpoint(url=node.url),)))
    assert (code, networks["devnet"]["nonce"], stand.paused) == (0, 1, True)
    assert "looking again" in err


def test_a_wrong_password_a_missing_key_and_wrong_words_are_told(
    stand: Stand, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error, _ = run(stand.place(), password="wrong")
    assert (code, error["error"]) == (1, "Denied")
    assert main(["pause"]) == 2
    assert "required: --bundle, --key" in capsys.readouterr().err
    bundle = write_bundle(tmp_path, stand.place())
    none = ["pause", "--bundle", str(bundle), "--key", str(tmp_path / "none"), "--password-fd"]
    assert main([*none, str(one_line(PASSWORD))]) == 2
    assert "cannot be opened" in capsys.readouterr().err
    assert main([*none[:-1]]) == 2
    assert "nobody is there to type" in capsys.readouterr().err


def test_the_package_alone_pauses_in_an_empty_folder(stand: Stand, tmp_path: Path, key: Path) -> None:
    """threat_60: nothing of the tool is there but this package, and none of it is missed."""
    alone = tmp_path / "alone"
    shutil.copytree(ROOT / "governance" / "emergency", alone / "governance" / "emergency")
    (alone / "governance" / "__init__.py").write_text("")
    bundle = write_bundle(tmp_path, stand.place())
    words = [sys.executable, "-m", "governance.emergency", "pause", "--bundle", str(bundle), "--key", str(key)]
    descriptor = one_line(PASSWORD)
    ended = subprocess.run(
        [*words, "--password-fd", str(descriptor), "--broadcast"],
        cwd=alone,
        env={"PYTHONPATH": str(alone), "PATH": "/nowhere"},
        pass_fds=(descriptor,),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, stand.paused) == (0, True), ended
    assert "devnet: paused in block" in ended.stdout


def test_calldata_of_the_chain_is_that_of_the_bundle(stand: Stand, run: Run) -> None:
    place = stand.place()
    _, networks, _ = run(place)
    sent = stand.node.ask("eth_getTransactionByHash", networks["devnet"]["tx_hash"])
    entry = signed(place, 0, stand.guardians[:2])
    assert sent["input"] == to_hex(place.tx(0).calldata(entry.signatures, 2))
    assert to_hex(encode_call(function("pause()"), []))[2:] in sent["input"]
