"""Bad input: refused with a sentence that says where, why and what to do; never a traceback; nothing half-done."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.apps.conftest import ONE, Gov, Run, only_stage

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
PROPOSAL = f"proposals/{ONE}.yaml"
POLICY = "policies.yaml"
COUNCIL = "0xACeeBebA28263e8842e23fC24F3C1a1d6700825A"
DISPATCHER = "0x172e681E49921f5aBD099C2A4D36C0AC29671Bf0"
TIMELOCK = "0xEA6e8fFC14DC03Cd07B4347641E61d7E628c6792"
FACET = "0x4f132a2Eea940F03b3F266F2bf56FD59ccF90045"


def require_sentences(run: Run, code: int, *parts: str) -> None:
    """Refused as it should be: exit code, where, why, what to do, and nothing that only a programmer reads."""
    assert run.code == code, run
    assert "Traceback" not in run.err + run.out
    assert "hint: " in run.err, run.err
    for part in parts:
        assert part in run.err, run.err


class Defect(NamedTuple):
    """One change that makes a good document bad."""

    file: str
    old: str
    new: str
    code: int
    where: str
    why: str


DOCUMENTS = {
    "duplicate-key": Defect(PROPOSAL, "author: alice", "author: alice\nauthor: bob", 2, "6:1", "is here twice"),
    "anchor": Defect(PROPOSAL, "author: alice", "author: &a alice", 2, "5:9", "is an anchor"),
    "alias": Defect(PROPOSAL, "author: alice", "author: *a", 2, "5:9", "alias"),
    "tag": Defect(PROPOSAL, "author: alice", "author: !!str alice", 2, "5:9", "is a tag"),
    "unknown-key": Defect(PROPOSAL, "author: alice", "author: alice\nautor: bob", 2, "6:1", "did you mean `author`?"),
    "unquoted-address": Defect(PROPOSAL, "replace: FeeFacet@2", f"replace: {FACET}", 2, "11:14", "is not in quotes"),
    "wrong-checksum": Defect(
        PROPOSAL, "replace: FeeFacet@2", f'replace: "0x4F{FACET[4:]}"', 2, "11:14", "lacks the EIP-55 checksum"
    ),
    "unknown-facet": Defect(
        PROPOSAL, "replace: FeeFacet@2", "replace: FeeFacet@3", 2, "11:14", "no artifact FeeFacet@3"
    ),
    "facet-without-code": Defect(
        PROPOSAL, "replace: FeeFacet@2", f'replace: "0x{"11" * 20}"', 1, "11:14", "has no code at 0x1111"
    ),
    "selector-not-routed": Defect(PROPOSAL, '"fee()"]', '"toll()"]', 1, "12:36", "`toll()` (0x285aaa20) is not routed"),
    "selector-not-of-the-facet": Defect(
        PROPOSAL, '["maxFee()"]', '["toll()"]', 1, "14:17", "FeeFacet@2 has no function `toll()`"
    ),
    "selector-routed-twice": Defect(
        PROPOSAL, '["maxFee()"]', '["maxFee()", "fee()"]', 1, "14:29", "`fee()` (0xddca3f43) is named twice"
    ),
    "policy-duplicate-key": Defect(
        POLICY, "    delay: 48 h", "    delay: 48 h\n    delay: 0 s", 2, "40:5", "is here twice"
    ),
    "policy-unquoted-address": Defect(POLICY, f'council: "{COUNCIL}"', f"council: {COUNCIL}", 2, "25:14", "in quotes"),
    "policy-wrong-checksum": Defect(POLICY, '"0xACee', '"0xaCee', 2, "25:14", "lacks the EIP-55 checksum"),
    "policy-unknown-key": Defect(POLICY, "    via: timelock", "    via: timelock\n    vai: x", 2, "38:5", "`via`?"),
}
NEEDS_THE_CHAIN = {
    "unknown-facet",
    "facet-without-code",
    "selector-not-routed",
    "selector-not-of-the-facet",
    "selector-routed-twice",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_document_is_refused_at_its_line_and_nothing_is_written(at: At, name: str) -> None:
    """threat_48, threat_42"""
    gov, defect = at("drafted"), DOCUMENTS[name]
    before = gov.block()
    gov.edit(defect.file, defect.old, defect.new)
    commands = [("lock", "1"), ("plan", "1")] + ([] if name in NEEDS_THE_CHAIN else [("check",)])
    for words in commands:
        require_sentences(gov(*words), defect.code, f"{defect.file}:{defect.where}  ", defect.why)
    assert not gov.lock_file().exists()
    assert gov.block() == before


@pytest.mark.parametrize("name", sorted(set(DOCUMENTS) - {"unknown-facet"}))
def test_the_same_findings_are_told_to_tools(at: At, name: str) -> None:
    gov, defect = at("drafted"), DOCUMENTS[name]
    gov.edit(defect.file, defect.old, defect.new)
    run = gov("lock", "1", "--json")
    assert (run.code, run.document["schema"], run.document["exit_code"]) == (
        defect.code,
        "governance/error/v1",
        defect.code,
    )
    line, column = map(int, defect.where.split(":"))
    places = [finding["place"] for finding in run.document["findings"]]
    assert {"file": defect.file, "line": line, "column": column} in places


def test_every_finding_is_told_not_only_the_first(at: At) -> None:
    gov = at("drafted")
    gov.edit(PROPOSAL, "author: alice", "author: &a alice\nauthor: !!str bob")
    run = gov("check")
    assert run.code == 2
    assert [rule for rule in ("yaml-anchor", "yaml-tag", "yaml-duplicate-key") if f"(rule {rule})" in run.err] == [
        "yaml-anchor",
        "yaml-tag",
        "yaml-duplicate-key",
    ]


def words_of(number: int) -> str:
    return f"0x{number:064x}"


def wrong_singleton(gov: Gov) -> None:
    gov.ask("anvil_setStorageAt", COUNCIL, words_of(0), "0x" + DISPATCHER[2:].rjust(64, "0"))


def threshold_above_owners(gov: Gov) -> None:
    gov.ask("anvil_setStorageAt", COUNCIL, words_of(4), words_of(9))


def council_without_proposer_role(gov: Gov) -> None:
    """As its admin, the timelock itself, would do it; impersonated."""
    role = "b09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc1"  # keccak256("PROPOSER_ROLE")
    gov.ask("anvil_impersonateAccount", TIMELOCK)
    gov.ask("anvil_setBalance", TIMELOCK, hex(10**18))
    revoke = f"0xd547741f{role}{COUNCIL[2:].lower().rjust(64, '0')}"
    sent = gov.ask("eth_sendTransaction", {"from": TIMELOCK, "to": TIMELOCK, "data": revoke})
    while gov.ask("eth_getTransactionReceipt", sent) is None:
        time.sleep(0.05)
    gov.ask("anvil_stopImpersonatingAccount", TIMELOCK)


def no_facet(gov: Gov) -> None:
    gov.ask("anvil_setCode", FACET, "0x")


def other_facet(gov: Gov) -> None:
    gov.ask("anvil_setCode", FACET, "0x60006000fd")


def delegated_facet(gov: Gov) -> None:
    gov.ask("anvil_setCode", FACET, "0xef0100" + DISPATCHER[2:])


def no_safe(gov: Gov) -> None:
    gov.ask("anvil_setCode", COUNCIL, "0x")


def no_dispatcher(gov: Gov) -> None:
    gov.ask("anvil_setCode", DISPATCHER, "0x")


CHAINS: dict[str, tuple[Callable[[Gov], None], str, str]] = {
    "safe-without-the-expected-singleton": (wrong_singleton, "safe-singleton", f"{COUNCIL} runs {DISPATCHER}"),
    "threshold-above-owners": (threshold_above_owners, "safe-threshold", f"{COUNCIL} has threshold 9 and 5 owners"),
    "timelock-the-safe-cannot-propose-to": (council_without_proposer_role, "council-cannot-propose", "no proposer"),
    "facet-without-code": (no_facet, "facet-no-code", f"FeeFacet@2 has no code at {FACET}"),
    "facet-with-other-code": (other_facet, "facet-code-differs", f"FeeFacet@2 at {FACET} has code hash 0x"),
    "facet-that-delegates": (delegated_facet, "facet-delegated", f"{FACET} is an account that delegates"),
    "safe-without-code": (no_safe, "safe-no-code", f"{COUNCIL} has no code"),
    "dispatcher-without-code": (no_dispatcher, "target-no-code", f"{DISPATCHER} has no code"),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_that_is_not_as_it_should_be_stops_locking_signing_and_queueing(at: At, name: str) -> None:
    """threat_39, threat_41, threat_29"""
    spoil, rule, sentence = CHAINS[name]
    drafted, signed = at("drafted"), at("signed")
    files = {path: path.read_bytes() for path in (signed.root / "proposals").rglob("*.json")}
    spoil(drafted)
    before = drafted.block()
    confirmed = ("--confirm", signed.safe_hashes()[0])
    for run in (
        drafted("lock", "1"),
        signed("sign", "1", *signed.key("dave"), *confirmed),
        signed("queue", "1", *signed.key("executor"), "--broadcast"),
    ):
        require_sentences(run, 1, sentence, f"(rule {rule})")
    assert not drafted.lock_file().exists()
    assert {path: path.read_bytes() for path in (signed.root / "proposals").rglob("*.json")} == files
    assert drafted.block() == before


def test_code_swapped_while_the_operation_waits_stops_the_execution(at: At) -> None:
    """threat_41"""
    gov = at("signed")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    other_facet(gov)
    before = gov.block()
    require_sentences(gov.act("execute"), 1, f"{FACET} had code hash 0x5f2ff3dd", "cancel the operation: gov cancel")
    assert (gov.block(), only_stage(gov)) == (before, "ready")


@pytest.fixture
def other_chain(at: At) -> Iterator[Gov]:
    gov = at("signed")
    gov.ask("anvil_setChainId", 5)
    yield gov
    gov.ask("anvil_setChainId", 31337)


@pytest.mark.parametrize("command", ["status", "lock", "plan", "signatures", "queue", "execute", "verify"])
def test_a_node_of_another_chain_is_refused(other_chain: Gov, command: str) -> None:
    """threat_16"""
    gov, paying = other_chain, command in {"queue", "execute"}
    before, kept = gov.block(), gov.lock_file().read_bytes()
    run = gov(command, "1", *(gov.key("executor") if paying else ()), *(("--broadcast",) if paying else ()))
    require_sentences(run, 1, "serves chain 5, the policy says 31337", "check the endpoint")
    assert (gov.block(), gov.lock_file().read_bytes()) == (before, kept)


SECRET = "hush-7f3a"


@pytest.mark.parametrize("command", ["status", "lock", "plan", "signatures", "sign", "queue", "execute", "verify"])
@pytest.mark.parametrize("form", ["people", "tools"])
def test_an_endpoint_that_does_not_answer_is_told_without_its_secret(
    at: At, monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    """threat_57, threat_01: exit code 3 says that trying again may help."""
    monkeypatch.setenv("GOV_RPC_DEVNET", f"http://user:{SECRET}@127.0.0.1:1/{SECRET}?key={SECRET}")
    monkeypatch.setattr("governance.adapters.rpc.PAUSE", 0.001)
    gov = at("signed")
    kept = gov.lock_file().read_bytes()
    keyed = gov.key("executor") if command in {"sign", "queue", "execute"} else ()
    run = gov(command, "1", *keyed, *(["--json"] if form == "tools" else []))
    require_sentences(run, 3, "devnet at http://127.0.0.1:1 does not answer")
    assert SECRET not in run.out + run.err
    assert gov.lock_file().read_bytes() == kept
    if form == "tools":
        assert run.document["schema"] in {"governance/error/v1", "governance/status/v1"}


def test_no_endpoint_at_all_says_how_to_name_one(at: At) -> None:
    gov = at("drafted")
    shutil.rmtree(gov.root / ".gov/devnet")
    require_sentences(gov("lock", "1"), 1, "no endpoint is known for network `devnet`", "set GOV_RPC_DEVNET")
    assert not gov.lock_file().exists()


def ballots(gov: Gov) -> list[Path]:
    return sorted((gov.root / f"proposals/{ONE}.signatures").glob("*.json"))


def test_a_signature_by_somebody_who_is_no_owner_is_told_and_does_not_count(at: At) -> None:
    """threat_31: the file is in order, the signature is good, and its signer is no owner."""
    from eth_account import Account

    gov = at("signed")
    first = ballots(gov)[0]
    document = json.loads(first.read_text())
    stranger = Account.from_key("0x" + "42" * 32)
    digest = bytes.fromhex(gov.safe_hashes()[0][2:])
    signature = stranger.unsafe_sign_hash(digest).signature
    document["signer"] = stranger.address
    for entry in document["signatures"]:
        entry["signature"] = f"0x{bytes(signature).hex()}"
    first.unlink()
    first.with_name(f"{stranger.address.lower()}.json").write_text(json.dumps(document, indent=2))
    run = gov("signatures", "1", "--json")
    (step,) = run.document["networks"][0]["steps"]
    assert (run.code, len(step["signed"]), step["threshold"]) == (1, 2, 3)
    assert [stranger.address in refused["message"] for refused in step["refused"]] == [True]
    before = gov.block()
    require_sentences(gov.act("queue"), 1, "(2 of 3 signatures)", stranger.address, "is no owner")
    assert gov.block() == before


def test_who_is_no_owner_cannot_sign(at: At) -> None:
    gov = at("locked")
    require_sentences(gov.sign("frank"), 1, "is no owner of the Safe", "owners are 0xf39F")
    assert ballots(gov) == []


SIGNATURES = {
    "another-signer": ('"signer": "0x', '"signer": "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", "was": "0x'),
    "signature-cut-short": ('"signature": "0x', '"signature": "0x00", "was": "0x'),
    "another-hash": ('"safe_tx_hash": "0x02', '"safe_tx_hash": "0x03'),
    "not-json": ("{", "[{"),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_file_that_was_changed_is_told_by_its_name_and_does_not_count(at: At, name: str) -> None:
    """threat_34"""
    gov = at("signed")
    before, first = gov.block(), ballots(gov)[0]
    old, new = SIGNATURES[name]
    gov.edit(str(first.relative_to(gov.root)), old, new)
    run = gov.act("queue")
    assert run.code in {1, 2}
    assert first.name in run.err or "(2 of 3 signatures)" in run.err, run.err
    assert ("Traceback" in run.err, gov.block()) == (False, before)


EDITS = {
    "yaml-edited-after-signing": (PROPOSAL, "above 5 %", "above 6 %", "the proposal was edited after it was locked"),
    "lock-with-another-nonce": (f"proposals/{ONE}.lock.json", '"nonce": "0"', '"nonce": "1"', "gov lock again"),
    "lock-with-another-target": (f"proposals/{ONE}.lock.json", DISPATCHER, FACET, "gov lock again"),
    "policy-edited": (POLICY, "grace: 14 d", "grace: 99 d", "policies.yaml"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_edited_after_signing_is_neither_signed_nor_sent(at: At, name: str) -> None:
    """threat_49"""
    file, old, new, advice = EDITS[name]
    gov = at("signed")
    (confirm,) = gov.safe_hashes()
    before, kept = gov.block(), [path.read_bytes() for path in ballots(gov)]
    gov.edit(file, old, new)
    for run in (gov.act("queue"), gov("sign", "1", *gov.key("dave"), "--confirm", confirm)):
        require_sentences(run, 1, advice)
    assert (gov.block(), [path.read_bytes() for path in ballots(gov)]) == (before, kept)


BROKEN_LOCKS = {
    "not-json": lambda text: text[:100],
    "empty": lambda text: "",
    "list": lambda text: "[]",
    "no-networks": lambda text: text.replace('"networks"', '"netwroks"'),
    "networks-empty-entry": lambda text: json.dumps({**json.loads(text), "networks": {"devnet": {}}}),
    "networks-no-mapping": lambda text: json.dumps({**json.loads(text), "networks": ["devnet"]}),
    "pins-without-nonce": lambda text: text.replace('"nonce": "0",\n', "", 1),
    "pins-of-another-type": lambda text: text.replace('"routes": [', '"routes": 5, "were": [', 1),
    "digest-no-hash": lambda text: re.sub(r'"digest": "0x[0-9a-f]+"', '"digest": 7', text),
    "deep": lambda text: "[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN_LOCKS)
def test_a_broken_lock_file_is_a_sentence_and_gov_lock_writes_it_anew(at: At, name: str) -> None:
    gov = at("signed")
    before, file = gov.block(), gov.lock_file()
    good = file.read_text()
    file.write_text(BROKEN_LOCKS[name](good))
    for run in (gov("status"), gov.act("queue"), gov("signatures", "1"), gov("check")):
        assert (run.code in {1, 2}, "Traceback" in run.err) == (True, False), run
    assert gov.block() == before
    gov.done("lock", "1")
    assert file.read_text() == good
    assert only_stage(gov) == "approved"


def test_comments_and_layout_may_be_edited_after_signing(at: At) -> None:
    gov = at("signed")
    gov.edit(PROPOSAL, "author: alice", "author: 'alice'   # who wrote it")
    assert gov.act("queue").code == 0


def test_a_lock_file_that_the_chain_moved_away_from_is_stale(at: At) -> None:
    """threat_30: another Safe transaction took the nonce, so that signatures for it are dead."""
    gov = at("signed")
    gov.ask("anvil_setStorageAt", COUNCIL, words_of(5), words_of(1))
    assert only_stage(gov) == "displaced"
    before = gov.block()
    run = gov.act("queue")
    require_sentences(run, 1, "is displaced on devnet", "gov lock")
    assert gov.block() == before
    gov.done("lock", "1")
    assert only_stage(gov) == "collecting"


def test_a_policy_that_is_not_the_anchored_one_is_refused(at: At) -> None:
    """threat_52: a policy cannot loosen itself."""
    gov = at("drafted")
    gov.edit(POLICY, "delay: 48 h", "delay: 1 s")
    require_sentences(gov("lock", "1"), 1, "policies.yaml has digest 0x", "a change of it is itself a proposal")
    assert not gov.lock_file().exists()


def wrong_password(gov: Gov) -> tuple[str, ...]:
    (gov.root / ".gov/devnet/password").write_text("wrong")
    return gov.key("executor")


def not_a_keystore(gov: Gov) -> tuple[str, ...]:
    file = gov.root / "notes.json"
    file.write_text("{}")
    file.chmod(0o600)
    return ("--key", str(file), *gov.key("executor")[2:])


KEYS: dict[str, tuple[Callable[[Gov], tuple[str, ...]], int, str]] = {
    "wrong-password": (wrong_password, 1, "does not open with this password"),
    "no-keystore": (
        lambda gov: ("--key", "nowhere.json", "--password-fd", "0"),
        2,
        "there is no keystore nowhere.json",
    ),
    "closed-descriptor": (lambda gov: (*gov.key("alice")[:2], "--password-fd", "987"), 2, "file descriptor 987"),
    "nobody-to-ask": (lambda gov: gov.key("alice")[:2], 2, "nobody is there to type a password"),
    "no-keystore-in-it": (not_a_keystore, 2, "notes.json"),
    "readable-by-others": (lambda gov: ("--key", str(gov.root / POLICY), *gov.key("alice")[2:]), 1, "chmod 600"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_that_does_not_open_is_a_sentence(at: At, name: str) -> None:
    key, code, sentence = KEYS[name]
    gov = at("signed")
    before = gov.block()
    require_sentences(gov("queue", "1", *key(gov), "--broadcast"), code, sentence)
    assert gov.block() == before


def test_a_hash_that_nobody_confirmed_is_not_signed(at: At) -> None:
    gov = at("locked")
    require_sentences(gov("sign", "1", *gov.key("alice"), "--confirm", words_of(1)), 1, "no --confirm names 0x024a")
    require_sentences(gov("sign", "1", *gov.key("alice")), 2, "nobody is there to confirm")
    assert ballots(gov) == []


USAGE: list[tuple[tuple[str, ...], str]] = [
    (("nope",), "No such command 'nope'"),
    (("lock",), "Missing argument"),
    (("lock", "1", "--nope"), "No such option"),
    (("queue", "1"), "Missing option '--key'"),
    (("lock", "99"), "there is no proposal `99`"),
    (("lock", "../../etc/passwd"), "there is no proposal"),
    (("status", "1", "--network", "mainnet"), "is not for network `mainnet`"),
    (("doctor", "--network", "mainnet"), "names no network `mainnet`"),
    (("devnet", "warp", "soon"), "`soon` is not a duration"),
    (("new", "coup"), "`coup` is not a kind"),
    (("schema", "coup"), "there is no kind `coup`"),
    (("facet", "deploy", "FeeFacet@9", "-n", "devnet", "--key", "x"), "there is no artifact FeeFacet@9"),
    (("manifest", "root", "nowhere.yaml", "--profile", "B", "--odd", "promote"), "nowhere.yaml"),
]


@pytest.mark.parametrize(("words", "sentence"), USAGE)
def test_wrong_usage_is_exit_2_with_a_sentence_and_one_document(at: At, words: tuple[str, ...], sentence: str) -> None:
    gov = at("drafted")
    plain, tool = gov(*words), gov(*words, "--json")
    assert (plain.code, plain.out, tool.code) == (2, "", 2)
    assert sentence in plain.err
    assert "Traceback" not in plain.err
    assert (tool.document["schema"], tool.document["exit_code"]) == ("governance/error/v1", 2)


@pytest.mark.parametrize("words", [("status",), ("check",), ("lock", "1"), ("new", "facet_swap"), ("doctor",)])
def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    require_sentences(Gov(tmp_path)(*words), 2, "policies.yaml does not exist", "gov init")
    assert list(tmp_path.iterdir()) == []


def test_escapes_of_a_terminal_do_not_reach_it(at: At) -> None:
    """threat_67"""
    gov = at("drafted")
    run: Any = gov("lock", "1\x1b[2J")
    assert (run.code, "\x1b" in run.err) == (2, False)
