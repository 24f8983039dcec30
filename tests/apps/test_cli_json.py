"""`--json` of every command: one document on stdout with its schema, whatever else is said goes to stderr."""

import json
from collections.abc import Callable

import pytest

from governance.apps.cli import app
from governance.core.live import rejection
from governance.core.units import to_hex
from tests.apps.conftest import ONE, VECTORS, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
RELEASE = str(VECTORS / "payrox-v1-manifest.json")
TRANSACTION = str(VECTORS / "safe-mainnet-transaction.json")
HOW = ("--profile", "B", "--odd", "promote")
KEYED = {
    "hold",
    "sign",
    "reject sign",
    "reject send",
    "approve",
    "queue",
    "execute",
    "executor run",
    "deploy",
    "facet deploy",
}

DONE: list[tuple[str, str, tuple[str, ...], str]] = [
    ("init", "drafted", (), "governance/init/v1"),
    ("doctor", "drafted", (), "governance/doctor/v1"),
    ("devnet up", "drafted", (), "governance/devnet/v1"),
    ("devnet status", "drafted", (), "governance/devnet/v1"),
    ("devnet warp", "drafted", ("1h",), "governance/devnet/v1"),
    ("new", "drafted", ("facet_swap",), "governance/draft/v1"),
    ("check", "signed", (), "governance/check/v1"),
    ("lock", "drafted", (ONE,), "governance/lock/v1"),
    ("plan", "locked", (ONE,), "governance/lock/v1"),
    ("simulate", "locked", (ONE,), "governance/simulation/v1"),
    ("sign", "locked", (ONE, "--confirm", "HASH"), "governance/ballots/v1"),
    ("sign", "locked", (ONE, "--show"), "governance/card/v1"),
    ("approve", "asked", (ONE, "--confirm", "BASIS"), "governance/approvals/v1"),
    ("hold", "held", (ONE, "--reason", "wait", "--confirm", "HOLD"), "governance/holds/v1"),
    ("hold", "held", (ONE, "--reason", "wait", "--show"), "governance/hold-card/v1"),
    ("signatures", "signed", (ONE,), "governance/signatures/v1"),
    ("hash", "drafted", (TRANSACTION,), "governance/hash/v1"),
    ("queue", "signed", (ONE, "--broadcast"), "governance/act/v1"),
    ("status", "signed", (), "governance/status/v1"),
    ("execute", "ready", (ONE, "--broadcast"), "governance/act/v1"),
    ("verify", "executed", (ONE,), "governance/verification/v1"),
    ("executor run", "ready", ("--once", "--confirmations", "0", "--broadcast"), "governance/executor/v1"),
    ("cancel", "signed", (ONE, "--reason", "a fault"), "governance/draft/v1"),
    ("pr review", "signed", ("--comment", "COMMENT"), "governance/pull-request/v1"),
    ("signatures", "signed", ("--live",), "governance/live/v1"),
    ("nonces", "signed", (), "governance/nonces/v1"),
    ("reject sign", "signed", (ONE, "--nonce", "0", "--confirm", "REJECTION"), "governance/ballots/v1"),
    ("reject send", "rejected", (ONE, "--nonce", "0", "--broadcast"), "governance/rejection/v1"),
    ("emergency drill", "drafted", (), "governance/emergency-drill/v1"),
    ("rollback", "locked", (ONE,), "governance/draft/v1"),
    ("history", "executed", (ONE,), "governance/history/v1"),
    ("journal verify", "executed", (), "governance/journal/v1"),
    ("journal head", "executed", (), "governance/journal/v1"),
    ("journal export", "executed", ("EXPORT",), "governance/journal/v1"),
    ("policy diff", "drafted", ("POLICY", "POLICY"), "governance/policy-diff/v1"),
    ("policy explain", "drafted", (), "governance/policy-explain/v1"),
    ("manifest diff", "drafted", ("FILE", "FILE"), "governance/manifest-diff/v1"),
    ("manifest check", "drafted", ("FILE",), "governance/manifest-check/v1"),
    ("manifest root", "drafted", ("FILE", *HOW), "governance/manifest-root/v1"),
    ("manifest proof", "drafted", ("FILE", "fee()", *HOW), "governance/manifest-proof/v1"),
    ("facet inspect", "drafted", ("FeeFacet@2",), "governance/inspection/v1"),
    ("facet deploy", "drafted", ("FeeFacet@2", "-n", "devnet"), "governance/facet/v1"),
    ("deploy", "drafted", ("DESCRIPTION", "-n", "other", "--chain-id", "31337"), "governance/deploy/v1"),
]
ELSEWHERE = {f"emergency {name}" for name in ("pause", "show", "presign", "aftermath")}
"""In tests/apps/test_cli_emergency.py."""
NAMES = [" ".join((command, *(word for word in more if word.startswith("--")))) for command, _, more, _ in DONE]
MANIFEST = f'{{"routes": [{{"selector": "0xddca3f43", "facet": "0x{"11" * 20}", "codehash": "0x{"22" * 32}"}}]}}'
DESCRIPTION = """\
schema: governance/deployment/v1
name: other
safe_version: 1.4.1
council: {owners: [alice, bob], threshold: 1}
guardian: {owners: [frank, grace], threshold: 1}
timelock: {delay: 1 h, executors: open}
target: {generation: gov-1, artifact: ManifestDispatcher, activation_delay: 0 s, facets: []}
staged: []
"""


def prepared(at: At, stage: str) -> Gov:
    """A workspace and a chain at any stage of the life."""
    gov = at(
        {"asked": "drafted", "held": "drafted"}.get(
            stage, stage if stage in {"drafted", "locked", "signed"} else "signed"
        )
    )
    (gov.root / "manifest.json").write_text(MANIFEST)
    (gov.root / "other.yaml").write_text(DESCRIPTION)
    if stage in {"ready", "executed"}:
        gov.act("queue")
        gov.done("devnet", "warp", "48h")
    if stage == "rejected":
        for name in ("alice", "bob", "carol"):
            gov.done("reject", "sign", ONE, "--nonce", "0", *gov.key(name), "--confirm", rejection_hash(gov))
    if stage == "asked":
        gov.ask_security()
    if stage == "held":
        gov.let_guardians_hold()
    if stage == "executed":
        gov.act("execute")
    return gov


def rejection_hash(gov: Gov) -> str:
    """Of the first nonce of the council."""
    council = json.loads(gov.lock_file().read_text())["networks"]["devnet"]["plan"]["steps"][0]["safe_tx"]["safe"]
    return to_hex(rejection(31337, council, 0).hash)


def words(gov: Gov, command: str, more: tuple[str, ...]) -> list[str]:
    meant = {
        "POLICY": str(gov.root / "policies.yaml"),
        "EXPORT": str(gov.root / "journal.jsonl"),
        "COMMENT": str(gov.root / "comment.md"),
        "FILE": str(gov.root / "manifest.json"),
        "DESCRIPTION": str(gov.root / "other.yaml"),
        "HASH": gov.safe_hashes()[0] if gov.lock_file().exists() else "",
    }
    if "REJECTION" in more:
        meant["REJECTION"] = rejection_hash(gov)
    if "BASIS" in more:
        meant["BASIS"] = gov.plan_basis()
    if "HOLD" in more:
        meant["HOLD"] = gov.json("hold", ONE, "--reason", "wait", "--show")["holds"][0]["hold_hash"]
    who = {"approve": "dave", "hold": "frank"}.get(command, "alice")
    keyed = gov.key(who) if command in KEYED and "--show" not in more else ()
    return [*command.split(), *(meant.get(word, word) for word in more), *keyed]


@pytest.mark.parametrize(("command", "stage", "more", "schema"), DONE, ids=NAMES)
def test_tools_get_one_document_with_its_schema(
    at: At, command: str, stage: str, more: tuple[str, ...], schema: str
) -> None:
    gov = prepared(at, stage)
    run = gov(*words(gov, command, more), "--json")
    assert (run.code, run.document["schema"]) == (0, schema), run
    assert run.out == run.out.encode("ascii").decode()


PEOPLE = [row for row in DONE if row[0] not in {"devnet up", "init"}]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "stage", "more", "schema"), PEOPLE, ids=[row[0] for row in PEOPLE])
def test_people_get_no_json_no_colour_in_a_pipe_and_no_blank_line_ends(
    at: At, command: str, stage: str, more: tuple[str, ...], schema: str
) -> None:
    gov = prepared(at, stage)
    run = gov(*words(gov, command, more))
    assert run.code == 0, run
    assert run.out.strip()
    assert not run.out.lstrip().startswith("{")
    assert "\x1b" not in run.out + run.err
    assert [line for line in run.out.splitlines() if line != line.rstrip()] == []


def test_no_command_is_forgotten() -> None:
    names = {command.name for command in app.registered_commands}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names |= {
            f"{group.name} {command.name or getattr(command.callback, '__name__', '')}"
            for command in group.typer_instance.registered_commands
        }
    assert names - {row[0] for row in DONE} == {"schema", "devnet down", "pr comment", *ELSEWHERE}
