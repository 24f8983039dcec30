"""The same life against every generation of dispatcher and a diamond, on both Safe versions, through the commands.

Each case deploys its own system: an upgrade that replaces, adds and removes routes, the emergency pause, and what is
already on chain when the tool first hears of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import pytest

from governance.core.call import encode_call, function
from governance.core.errors import Refused
from tests.apps.conftest import ONE, ROOT, SIGNERS, Gov

pytestmark = pytest.mark.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One governed system of the field."""

    generation: str
    artifact: str
    safe: str
    activation: str = "0 s"
    steps: tuple[str, ...] = ("upgrade",)
    pauses: bool = True


FIELD = {
    "ours on Safe 1.4.1": Field(generation="gov-1", artifact="ManifestDispatcher", safe="1.4.1"),
    "ours on Safe 1.5.0, activated an hour later": Field(
        generation="gov-1",
        artifact="ManifestDispatcher",
        safe="1.5.0",
        activation="1 h",
        steps=("commit and apply", "activate"),
    ),
    "v1 on Safe 1.4.1": Field(generation="v1", artifact="DispatcherV1Double", safe="1.4.1"),
    "v1 on Safe 1.5.0, activated an hour later": Field(
        generation="v1",
        artifact="DispatcherV1Double",
        safe="1.5.0",
        activation="1 h",
        steps=("commit and apply", "activate"),
    ),
    "compact on Safe 1.5.0": Field(generation="compact", artifact="DispatcherCompactDouble", safe="1.5.0"),
    "compact on Safe 1.4.1, activated an hour later": Field(
        generation="compact",
        artifact="DispatcherCompactDouble",
        safe="1.4.1",
        activation="1 h",
        steps=("commit and apply", "activate"),
    ),
    "p4 on Safe 1.5.0": Field(generation="p4", artifact="DispatcherP4Double", safe="1.5.0"),
    "a diamond on Safe 1.4.1": Field(generation="eip2535", artifact="DiamondDouble", safe="1.4.1", pauses=False),
    "a diamond on Safe 1.5.0": Field(generation="eip2535", artifact="DiamondDouble", safe="1.5.0", pauses=False),
}

SWAP = """\
schema: governance/v1
title: Swap the fee facet, and drop a function of the treasury
author: alice
networks: [devnet]
kind: facet_swap
summary: Replaces, adds and removes routes at once.
changes:
  - replace: FeeFacet@2
    selectors: ["setFee(uint256)", "fee()"]
  - add: FeeFacet@2
    selectors: ["maxFee()"]
  - remove: ["treasurySince()"]
expect:
  - call: "fee()(uint256)"
    equals: 30
  - call: "maxFee()(uint256)"
    equals: 500
"""


QUICK = {"ours on Safe 1.4.1", "v1 on Safe 1.5.0, activated an hour later", "a diamond on Safe 1.5.0"}
"""Tried each time; the others in the long sweep. `tests/life` plays all of them each time, without the commands."""
SWEPT = [
    pytest.param(field, id=name, marks=[] if name in QUICK else [pytest.mark.slow]) for name, field in FIELD.items()
]


@pytest.fixture(params=SWEPT)
def field(request: pytest.FixtureRequest) -> Field:
    """One row of the table."""
    assert isinstance(request.param, Field)
    return request.param


@pytest.fixture
def system(field: Field, gov: Gov) -> Iterator[Gov]:
    """The system of a row, deployed from a description."""
    (gov.root / "artifacts").mkdir()
    for double in (ROOT / "tests/artifacts").glob("*Double.json"):
        copy(double, gov.root / "artifacts")
    if field.generation == "eip2535":
        gov.edit("policies.yaml", "kind: manifest_dispatcher", "kind: diamond")
    text = (ROOT / "governance/life/templates/devnet.yaml").read_text("utf-8")
    for old, new in (
        ("safe_version: 1.4.1", f"safe_version: {field.safe}"),
        ("generation: gov-1", f"generation: {field.generation}"),
        ("artifact: ManifestDispatcher", f"artifact: {field.artifact}"),
        ("activation_delay: 0 s", f"activation_delay: {field.activation}"),
    ):
        assert old in text
        text = text.replace(old, new)
    described = gov.root / "described.yaml"
    described.write_text(text, "utf-8")
    (gov.root / f"proposals/{ONE}.yaml").write_text(SWAP, "utf-8")
    gov.done("devnet", "up", "--from", str(described))
    yield gov
    gov.done("devnet", "down")


def ask_target(gov: Gov, signature: str) -> str | None:
    """The answer of the governed system to a view; None when it reverts."""
    call = {"to": gov.addresses()["target"], "data": "0x" + encode_call(function(signature), []).hex()}
    try:
        return str(gov.ask("eth_call", call, "latest"))
    except Refused:
        return None


def stages(gov: Gov) -> list[str]:
    """The stage of every step of the swap."""
    row = next(row for row in gov.json("status")["proposals"] if row["proposal"] == ONE)
    return [step["stage"] for step in row["steps"]]


def queue_the_swap(gov: Gov) -> None:
    """Lock, sign by three of five, queue."""
    gov.done("lock", ONE)
    for name in SIGNERS:
        assert gov.sign(name).code == 0
    queued = gov.act("queue")
    assert queued.code == 0, queued


def test_an_upgrade_lives_the_same_life_everywhere(field: Field, system: Gov) -> None:
    """Replace, add and remove; nothing behaves differently before the eta; linked operations run in order."""
    queue_the_swap(system)
    assert [step["label"] for step in system.locked()["plan"]["steps"]] == list(field.steps)
    assert stages(system) == ["waiting"] * len(field.steps)
    early = system.act("execute")
    assert (early.code, "waiting" in early.err) == (1, True)
    assert ask_target(system, "maxFee()") is None
    assert ask_target(system, "treasurySince()") is not None

    system.done("devnet", "warp", "48h")
    assert system.act("execute").code == 0
    if len(field.steps) == 2:
        assert stages(system) == ["executed", "waiting"]
        first, second = system.locked()["plan"]["steps"]
        assert second["operation"]["predecessor"] == first["operation"]["id"]
        system.done("devnet", "warp", "1h")
        assert system.act("execute").code == 0
    assert stages(system) == ["executed"] * len(field.steps)
    verified = system.json("verify", ONE)["networks"][0]
    assert verified["ok"] is True
    assert {promise["effect"].split()[-2] for promise in verified["promises"]} >= {"gives", "to", "not"}
    assert ask_target(system, "maxFee()") == "0x" + (500).to_bytes(32, "big").hex()
    assert ask_target(system, "treasurySince()") is None


def test_two_of_three_guardians_stop_routed_calls_at_once(field: Field, system: Gov) -> None:
    """threat_53: the pause needs no delay; a waiting operation survives it and cannot be executed meanwhile."""
    queue_the_swap(system)
    before = ask_target(system, "fee()")
    assert before is not None
    pause = system.json("new", "emergency_pause")["proposal"]
    locked = system("lock", pause)
    if not field.pauses:
        assert (locked.code, "no pause" in locked.err) == (1, True), locked
        return
    assert locked.code == 0, locked
    assert system.sign("frank", pause).code == 0
    assert (system.act("execute", pause).code, ask_target(system, "fee()")) == (1, before)
    assert system.sign("grace", pause).code == 0
    assert system.act("execute", pause).code == 0
    assert ask_target(system, "fee()") is None
    assert system.done("verify", pause).code == 0
    system.done("devnet", "warp", "48h")
    refused = system.act("execute")
    assert (refused.code, "step-reverts" in refused.err, "EnforcedPause" in refused.err) == (1, True, True), refused
    assert stages(system)[0] == "ready"


def test_guardians_take_a_route_away_and_pause_in_the_order_that_works(field: Field, system: Gov) -> None:
    """threat_53: removing is stopping; on deployed generations it must come before the pause."""
    if not field.pauses:
        return
    pause = system.json("new", "emergency_pause")["proposal"]
    file = system.root / f"proposals/{pause}.yaml"
    file.write_text(file.read_text() + 'remove: ["setFee(uint256)"]\n')
    system.done("lock", pause)
    for name in ("frank", "grace"):
        signed = system.sign(name, pause)
        assert signed.code == 0, signed
    done = system.act("execute", pause)
    assert done.code == 0, done
    assert system.done("verify", pause).code == 0
    told = [line.split(":")[1].strip() for line in done.err.splitlines() if line.startswith("executed")]
    ours = field.generation == "gov-1"
    assert told == (["pause", "remove routes"] if ours else ["remove routes", "pause"])


@pytest.mark.slow
def test_the_emergency_path_is_proven_to_stop_only_and_drilled_everywhere(field: Field, system: Gov) -> None:
    """threat_53: by trace, on each generation and each Safe."""
    run = system("emergency", "drill", "--json")
    (network,) = run.document["networks"]
    if not field.pauses:
        assert (run.code, [each["rule"] for each in network["findings"]]) == (1, ["no-pause"])
        return
    assert (run.code, network["findings"]) == (0, []), run
    assert network["blocked_calls"] == network["routed_calls"] > 0
    assert (network["paused"], network["restored"]) == (True, True)


def test_an_existing_deployment_is_governed_by_naming_its_addresses(
    system: Gov, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another workspace, with another network name and nothing but addresses and an endpoint, takes over."""
    other = Gov(tmp_path_factory.mktemp("elsewhere"))
    for part in ("policies.yaml", f"proposals/{ONE}.yaml"):
        (other.root / part).parent.mkdir(exist_ok=True)
        copy(system.root / part, other.root / part)
    copytree_keys(system.root, other.root)
    monkeypatch.setenv("GOV_RPC_DEVNET", system.url)
    assert other.done("check").code == 0
    assert all(check["ok"] for check in other.json("doctor")["checks"] if "devnet" in check["question"])
    queue_the_swap(other)
    assert other.json("status")["proposals"][0]["stage"] == "waiting"
    # The first workspace has no lock file, so it only learns by reading the same files.
    copy(other.lock_file(), system.lock_file())
    assert system.json("status")["proposals"][0]["stage"] == "waiting"


def copytree_keys(source: Path, target: Path) -> None:
    """The test keys, which a real council would each keep to themselves."""
    for part in ("keys", "password"):
        found, made = source / ".gov/devnet" / part, target / ".gov/devnet" / part
        made.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            made.mkdir(mode=0o700)
            for key in found.iterdir():
                copy(key, made)
        else:
            copy(found, made)
