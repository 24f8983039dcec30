"""Kinds of installed packages: admitted by their entry points, never in the place of a built-in one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters import plugins
from governance.adapters.workspace import FileWorkspace
from governance.core.errors import Rejected
from governance.core.kinds import KINDS, admit
from governance.life.draft import workspace_files

SWEEP = '''
from typing import ClassVar, Literal

from governance.core.call import Call, encode_call, function
from governance.core.fields import AddressField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.pins import Needs
from governance.core.proposal import ProposalDocument


class SweepDocument(ProposalDocument):
    """Sweep dust."""

    kind: Literal["sweep"]
    token: AddressField
    """Whose dust."""


class Sweep(Kind[SweepDocument]):
    """Sweeps."""

    name: ClassVar[str] = NAME
    lane: ClassVar[Lane] = Lane.TIMELOCK
    document = SweepDocument

    def needs(self, document, network):
        return Needs(codes=(document.token,))

    def derive(self, document, network, pins):
        call = Call(to=document.token, data=encode_call(function("sweep()"), []), summary="sweep")
        return Derivation(bundles=(Bundle(label="sweep", calls=(call,)),), effects=())


sweep = Sweep()
nothing = object()
'''
PROPOSAL = """\
schema: governance/v1
title: Sweep
author: alice
networks: [devnet]
kind: sweep
summary: dust
token: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for packages; the kinds are as they were afterwards."""
    before = dict(KINDS)
    monkeypatch.syspath_prepend(tmp_path)
    plugins.admit_installed.cache_clear()
    yield tmp_path
    sys.modules.pop("dust", None)
    KINDS.clear()
    KINDS.update(before)
    plugins.admit_installed.cache_clear()


def install(folder: Path, value: str, *, name: str = "sweep") -> None:
    (folder / "dust.py").write_text(SWEEP.replace("NAME", repr(name)), "utf-8")
    info = folder / "dust-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dust\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[governance.kinds]\nsweep = {value}\n", "utf-8")


def workspace(folder: Path, text: str = PROPOSAL) -> FileWorkspace:
    root = folder / "council"
    (root / "proposals").mkdir(parents=True)
    policies = workspace_files()["policies.yaml"].replace("[facet_swap,", "[sweep, facet_swap,")
    (root / "policies.yaml").write_text(policies, "utf-8")
    (root / "proposals/0001-sweep.yaml").write_text(text, "utf-8")
    return FileWorkspace(root)


def test_the_kind_of_an_installed_package_is_a_kind_like_any(installed: Path) -> None:
    install(installed, "dust:sweep")
    space = workspace(installed)
    assert space.proposal("0001-sweep").document.token.startswith("0xf39F")
    rule = space.policy().rule_for("sweep", "devnet")
    assert rule is not None
    assert rule.id == "upgrades-are-slow"


def test_a_kind_that_does_not_say_otherwise_calls_what_its_author_chooses(installed: Path) -> None:
    """threat_52: so a rule for it lists what may be called, or says that it may be anything."""
    install(installed, "dust:sweep")
    space = workspace(installed)
    text = space.policy_file.read_text("utf-8")
    space.policy_file.write_text(text.replace("contract_call, ", "").replace("    calls: any\n", ""), "utf-8")
    with pytest.raises(Rejected) as caught:
        space.policy()
    (finding,) = caught.value.findings
    assert (finding.rule, "`sweep`" in finding.message) == ("policy-calls-open", True)


def test_it_can_be_part_of_a_batch(installed: Path) -> None:
    install(installed, "dust:sweep")
    entry = '{kind: sweep, token: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}'
    head = PROPOSAL[: PROPOSAL.index("token")].replace("kind: sweep", "kind: batch")
    space = workspace(installed, f"{head}entries: [{entry}, {{kind: unpause, reason: why}}]\n")
    assert space.proposal("0001-sweep").document.contained == ("sweep", "unpause")


def test_without_the_package_the_kind_is_unknown(installed: Path) -> None:
    with pytest.raises(Rejected, match="does not follow its schema"):
        workspace(installed).proposal("0001-sweep")


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [
        ("dust:gone", "sweep", "cannot be loaded"),
        ("dirt:sweep", "sweep", "cannot be loaded"),
        ("dust:nothing", "sweep", "is no Kind"),
        ("dust:sweep", "facet_swap", "is there already"),
        ("dust:sweep", "batch", "is there already"),
        ("dust:sweep", "Sweep", "no proper name"),
    ],
)
def test_a_kind_that_cannot_be_used_stops_everything(installed: Path, value: str, name: str, words: str) -> None:
    install(installed, value, name=name)
    before = dict(KINDS)
    for attempt in ("first", "second"):
        with pytest.raises(Rejected, match=words):
            workspace(installed / attempt)
    assert before == KINDS


def test_of_two_with_one_name_none_is_admitted(installed: Path) -> None:
    install(installed, "dust:sweep")
    before = dict(KINDS)
    import importlib

    sweep = importlib.import_module("dust").sweep
    with pytest.raises(Rejected, match="is there already"):
        admit([sweep, sweep])
    assert before == KINDS
