"""Addresses are written into policies.yaml and not one other character changes."""

from pathlib import Path

import pytest
import yaml

from governance.adapters import policyedit
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.network import Network, TargetKind
from governance.core.units import Address, checksummed

A, B, C, D, E, F = (checksummed(keccak(bytes([n]))[:20]) for n in range(6))
NETWORK = Network(
    name="devnet",
    chain_id=31337,
    council=A,
    guardian=B,
    timelock=C,
    target_kind=TargetKind.MANIFEST_DISPATCHER,
    target=D,
    policy_anchor=E,
)
WANTED = policyedit.addresses(NETWORK, {"alice": F})

BLOCK = f"""\
members:
  alice: {{address: "{F}"}}
networks:
  devnet:
    chain_id: 31337
    council: "{A}"
    guardian: "{B}"
    timelock: "{C}"
    target: {{kind: manifest_dispatcher, address: "{D}"}}
    policy_anchor: "{E}"
"""

TEXTS = {
    "the block as we write it": BLOCK,
    "everything missing": "schema: governance/policy/v1\nrules: []\n",
    "no newline at the end": "schema: governance/policy/v1",
    "empty mappings": "members: {}\nnetworks: {}\nrules: []\n",
    "keys without a value": "members:\nnetworks:\nrules: []\n",
    "a key without a value at the end": "members:\nnetworks:",
    "other networks before and after": (
        "networks:\n  a: {chain_id: 1}   # one\n\n  z:\n    chain_id: 2\n# end\nrules: []\n"
    ),
    "a flow mapping of networks": 'networks: {a: {chain_id: "1"}}\nmembers: {bob: {address: "0x00"},}\n',
    "an old block with comments": (
        "networks:\n"
        "  devnet:  # ours\n"
        "    # the chain\n"
        "    chain_id: 1\n"
        "    rpc: http://127.0.0.1:1  # kept\n"
        "    council: '0x00' # to be replaced\n"
        "    target:\n"
        "      kind: diamond\n"
        "members:\n"
        "  alice:\n"
        "    address: 0x00\n"
    ),
    "a one-line block": "networks: {devnet: {chain_id: 31337, target: {kind: diamond}}}\nmembers: {alice: {}}\n",
    "a block scalar at the end": "networks:\n  devnet:\n    note: |\n      words\n      words\nmembers: {}\n",
    "indentation of four": "networks:\n    devnet:\n        chain_id: 1\nmembers:\n    bob: {}\n",
    "a null address": "members:\n  alice: {address: }\nnetworks: {}\n",
}


def says(text: str) -> dict[str, object]:
    document = yaml.load(text, Loader=yaml.BaseLoader)
    assert isinstance(document, dict)
    return document


def contains(found: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(contains(found.get(key), value) for key, value in wanted.items())
    return found == wanted


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_afterwards_it_says_what_is_wanted_and_keeps_the_rest(text: str) -> None:
    after = policyedit.merged(text, WANTED, "policies.yaml")
    assert contains(says(after), WANTED)
    before = says(text)
    for key in before.keys() - WANTED.keys():
        assert says(after)[key] == before[key]
    for comment in (line.partition("#")[2] for line in text.splitlines() if "#" in line):
        assert f"#{comment}" in after


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_writing_twice_changes_nothing(text: str) -> None:
    once = policyedit.merged(text, WANTED, "policies.yaml")
    assert policyedit.merged(once, WANTED, "policies.yaml") == once


def test_a_file_that_says_so_already_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text(BLOCK)
    before = path.stat()
    assert policyedit.write(path, WANTED) is False
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_only_the_value_that_differs_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text(BLOCK.replace(A, B) + "# a last word\n")
    assert policyedit.write(path, WANTED) is True
    assert path.read_text() == BLOCK + "# a last word\n"


def test_a_new_block_reads_as_a_person_would_write_it() -> None:
    assert policyedit.merged("schema: x\n", WANTED, "policies.yaml") == "schema: x\n" + BLOCK


def test_other_networks_keep_their_text() -> None:
    text = TEXTS["other networks before and after"]
    after = policyedit.merged(text, WANTED, "policies.yaml")
    assert "  a: {chain_id: 1}   # one\n\n  z:\n    chain_id: 2\n" in after
    assert list(says(after)["networks"]) == ["a", "z", "devnet"]  # type: ignore[call-overload]


REJECTED = {
    "a list": "- a\n",
    "nothing": "",
    "no YAML": "a: [",
    "networks as a list": "networks: [a]\n",
    "a network in a word": "networks: {devnet: mine}\n",
    "an address that is a list": "members: {alice: {address: [a]}}\n",
    "brackets without end": "[" * 50_000,
    "an anchor": "networks: &all {}\nmembers: *all\n",
}


@pytest.mark.parametrize("text", REJECTED.values(), ids=REJECTED.keys())
def test_another_shape_is_rejected_and_not_overwritten(text: str, tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text(text)
    with pytest.raises(Rejected, match=r"policies\.yaml"):
        policyedit.write(path, WANTED)
    assert path.read_text() == text


def test_a_huge_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text("#" * (1 << 20))
    with pytest.raises(Rejected, match="larger than"):
        policyedit.write(tmp_path / "policies.yaml", WANTED)


ELSEWHERE = [
    ("alone in the file", "members: {alice: {address: '0x01'}}\nnetworks: {devnet: {}}\n", {}),
    ("another network", "members: {alice: {address: '0x01'}}\nnetworks: {main: {}}\n", {"alice": "0x01"}),
    ("the same address", f"members: {{alice: {{address: '{F}'}}}}\nnetworks: {{main: {{}}}}\n", {}),
    ("somebody else", "members: {bob: {address: '0x01'}}\nnetworks: {main: {}}\n", {}),
    ("no address yet", "members: {alice: {address: ''}}\nnetworks: {main: {}}\n", {}),
    ("no members at all", "networks: {main: {}}\n", {}),
]


@pytest.mark.parametrize(("text", "found"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE])
def test_members_of_other_networks_are_noticed(text: str, found: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "policies.yaml"
    path.write_text(text)
    members: dict[str, Address] = {"alice": F}
    assert policyedit.members_elsewhere(path, members, "devnet") == found
