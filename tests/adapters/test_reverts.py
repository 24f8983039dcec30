"""Revert data in words: what is known is named, what is not is shown raw, and nothing ends the program."""

import json
import re
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.reverts import OPERATION_STATES, PANICS, SAFE_CODES, explain
from governance.core.access import NAMES
from governance.core.artifact import abi_type
from governance.core.keccak import keccak, selector
from governance.core.units import Bytes32, checksummed
from tests.chainkit import ROOT

SOMEBODY = checksummed(b"\x70" * 20)
ID = b"\xab" * 32
PROPOSER = keccak(b"PROPOSER_ROLE")


def reverting(signature: str, *values: Any) -> bytes:
    types = re.fullmatch(r"\w+\((.*)\)", signature)
    assert types is not None
    return selector(signature) + encode(types[1].split(",") if types[1] else [], values)


SENTENCES = {
    b"": "no reason given",
    reverting("Error(string)", "GS013"): "GS013: the inner call failed, and the Safe kept its nonce",
    reverting("Error(string)", "GS020"): "GS020: the signatures are too short for the threshold",
    reverting("Error(string)", "GS999"): "“GS999”",
    reverting("Error(string)", "Ownable: no"): "“Ownable: no”",
    reverting("Error(string)", "\x1b[2Jgone\n"): "“\ufffd[2Jgone\ufffd”",
    reverting("Error(string)", "x" * 500): "“" + "x" * 77 + "…”",
    reverting("Panic(uint256)", 0x11): "panic 0x11: arithmetic overflow or underflow",
    reverting("Panic(uint256)", 0x32): "panic 0x32: index out of range",
    reverting("Panic(uint256)", 0x99): "panic 0x99: a code that no manual lists",
    reverting(
        "AccessControlUnauthorizedAccount(address,bytes32)", SOMEBODY, PROPOSER
    ): f"{SOMEBODY} lacks PROPOSER_ROLE",
    reverting(
        "AccessControlUnauthorizedAccount(address,bytes32)", SOMEBODY, bytes(32)
    ): f"{SOMEBODY} lacks DEFAULT_ADMIN_ROLE",
    reverting("AccessControlUnauthorizedAccount(address,bytes32)", SOMEBODY, ID): f"{SOMEBODY} lacks role 0x{ID.hex()}",
    reverting(
        "TimelockUnexpectedOperationState(bytes32,bytes32)", ID, (1 << 2).to_bytes(32, "big")
    ): f"operation 0x{ID.hex()} is not Ready",
    reverting(
        "TimelockUnexpectedOperationState(bytes32,bytes32)", ID, (1 << 1 | 1 << 2).to_bytes(32, "big")
    ): f"operation 0x{ID.hex()} is not Waiting or Ready",
    reverting(
        "TimelockUnexpectedOperationState(bytes32,bytes32)", ID, bytes(32)
    ): f"operation 0x{ID.hex()} is not in any state that would do",
    reverting("TimelockUnexecutedPredecessor(bytes32)", ID): f"operation 0x{ID.hex()} must be executed first",
    reverting(
        "TimelockInsufficientDelay(uint256,uint256)", 61, 172_800
    ): "a delay of 61 s is shorter than the timelock's 48 h",
    reverting("ActivationNotReady(uint64,uint64)", 20, 10): "ActivationNotReady(20, 10)",
    reverting("CallerNotTimelock(address)", SOMEBODY): f"CallerNotTimelock({SOMEBODY})",
    reverting("SelectorReserved(bytes4)", b"\x01\x02\x03\x04"): "SelectorReserved(0x01020304)",
    reverting("EnforcedPause()"): "EnforcedPause()",
    reverting("Unknown(uint256)", 5): "unknown error 0x" + reverting("Unknown(uint256)", 5).hex(),
    b"\x01\x02\x03\x04" + bytes(100): "unknown error 0x01020304" + "00" * 64 + "…",
    b"\x08": "unknown error 0x08",
    reverting("Error(string)", "cut")[:40]: "malformed revert data 0x" + reverting("Error(string)", "cut")[:40].hex(),
    reverting("NoRoute()") + b"\x01" * 3: "NoRoute()",
    selector("BatchTooLarge(uint256)") + b"\x01": "malformed revert data 0x"
    + selector("BatchTooLarge(uint256)").hex()
    + "01",
    selector("CallerNotTimelock(address)") + b"\xff" * 32: "malformed revert data 0x"
    + selector("CallerNotTimelock(address)").hex()
    + "ff" * 32,
    selector("Error(string)") + encode(["bytes"], [b"\xff\xfe"]): "malformed revert data 0x"
    + selector("Error(string)").hex()
    + (32).to_bytes(32, "big").hex()
    + (2).to_bytes(32, "big").hex()
    + "…",
}


@pytest.mark.parametrize(("data", "words"), SENTENCES.items(), ids=SENTENCES.values())
def test_revert_data_reads_as_words(data: bytes, words: str) -> None:
    assert explain(data) == words


def test_a_dependant_whose_predecessor_never_ran_has_the_selector_that_was_measured() -> None:
    """threat_26"""
    assert selector("TimelockUnexecutedPredecessor(bytes32)").hex() == "90a9a618"


def errors_of_artifacts() -> dict[str, str]:
    """Every custom error that a shipped contract or a double of a deployed one declares, and where."""
    folders = (ROOT / "governance" / "artifacts", ROOT / "tests" / "artifacts")
    ours = {"Box", "Reverter"}  # targets of tests: their errors are nobody's
    found = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.json") if path.stem not in ours):
        for entry in json.loads(path.read_text("utf-8"))["abi"]:
            if entry["type"] == "error":
                found[f"{entry['name']}({','.join(abi_type(p) for p in entry['inputs'])})"] = path.stem
    return found


ZEROS: dict[str, Any] = {"address": "0x" + "00" * 20, "bytes32": bytes(32), "bytes4": bytes(4), "string": ""}
DECLARED = errors_of_artifacts()


@pytest.mark.parametrize("signature", DECLARED)
def test_every_error_that_our_contracts_and_the_deployed_ones_declare_is_known(signature: str) -> None:
    types = signature[signature.index("(") + 1 : -1]
    values = [ZEROS.get(kind, 0) for kind in types.split(",") if kind]
    said = explain(reverting(signature, *values))
    assert not said.startswith(("unknown", "malformed")), DECLARED[signature]


def test_there_are_declared_errors_to_be_known() -> None:
    assert len(DECLARED) > 40


SOURCES = ROOT / "contracts" / "node_modules" / "@safe-global"


@pytest.mark.skipif(not SOURCES.is_dir(), reason="npm ci has not run in contracts/")
def test_every_code_in_safes_own_sources_has_a_meaning_here() -> None:
    contracts = [SOURCES / package / "contracts" for package in ("safe-contracts", "safe-smart-account")]
    files = [
        file for root in contracts for file in (root / "Safe.sol", *root.glob("base/*.sol"), *root.glob("common/*.sol"))
    ]
    raised = {code for file in files for code in re.findall(r'"(GS[0-9]{3})"', file.read_text("utf-8"))}
    assert raised == set(SAFE_CODES)


def test_roles_are_named_by_their_hash() -> None:
    assert all(Bytes32(keccak(name.encode())) == role for role, name in NAMES.items() if name != "DEFAULT_ADMIN_ROLE")
    assert len(OPERATION_STATES) == 4
    assert all(0 <= code < 0x60 for code in PANICS)


@given(st.binary(max_size=200))
def test_any_bytes_read_as_one_printable_line(data: bytes) -> None:
    assert explain(data).isprintable()


@given(st.sampled_from([data[:4] for data in SENTENCES if len(data) >= 4]), st.binary(max_size=200))
def test_a_known_selector_before_any_bytes_reads_as_one_printable_line(known: bytes, rest: bytes) -> None:
    assert explain(known + rest).isprintable()
