"""Signers behind JSON-RPC: what they sign is recovered here, and what they say never shows a secret (threat_57)."""

import json
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from governance.adapters import anvil
from governance.adapters.remotesigner import MAX_ANSWER, Dialect, RemoteSigner, read_endpoint
from governance.adapters.signers import open_signer
from governance.core.approval import Terms
from governance.core.errors import GovError, Refused, Rejected, Unreachable
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.signable import Signable
from governance.core.signature import recover
from governance.core.units import Bytes32, Moment, checksummed
from governance.ports import Signer
from tests import chainkit
from tests.adapters.badnode import Reply, answers
from tests.adapters.walletserver import (
    ADDRESS,
    ELSEWHERE,
    KEY,
    SIGNED,
    Question,
    by_key,
    over_http,
    over_socket,
    wallet,
)

TERMS = Terms(
    chain_id=31337,
    timelock=ELSEWHERE,
    proposal_digest=Bytes32(keccak(b"proposal")),
    role="security",
    network="devnet",
    policy_digest=Bytes32(keccak(b"policy")),
    plan_basis=Bytes32(keccak(b"basis")),
    council=Bytes32(keccak(b"council")),
    seen_at=Moment(10),
    valid_until=Moment(20),
)
SECRET = "canary-in-the-url"
METHODS = {
    "": "eth_signTypedData_v4",
    "rpc:": "eth_signTypedData_v4",
    "clef:": "account_signTypedData",
    "web3signer:": "eth_signTypedData",
}


def opened(written: str, *, in_arguments: bool = True) -> Signer:
    with open_signer(written, lambda _: None, in_arguments=in_arguments) as signer:
        return signer


@pytest.mark.parametrize("what", [SIGNED, TERMS], ids=["a Safe transaction", "an approval"])
@pytest.mark.parametrize(("prefix", "method"), METHODS.items())
def test_each_dialect_is_asked_as_its_makers_say_and_the_signer_is_recovered(
    prefix: str, method: str, what: Signable
) -> None:
    with over_http(wallet) as (url, asked):
        signer = opened(f"{prefix}{url}/path#{ADDRESS}")
        assert signer.address == ADDRESS
        signature = signer.sign(what)
        assert recover(what.hash, signature)[0] == ADDRESS
        assert signer.sign(what) == signature
    assert [(each["method"], each["id"], each["path"]) for each in asked] == [
        (method, 1, "/path"),
        (method, 2, "/path"),
    ]


def test_clef_is_reached_over_its_socket(tmp_path: Path) -> None:
    with over_socket(tmp_path / "clef.ipc", wallet) as path:
        assert recover(SIGNED.hash, opened(f"clef:{path}#{ADDRESS}").sign(SIGNED))[0] == ADDRESS


@pytest.mark.node
@pytest.mark.parametrize("what", [SIGNED, TERMS], ids=["a Safe transaction", "an approval"])
def test_a_real_node_signs_for_an_account_that_it_holds(anvil_node: chainkit.Node, what: Signable) -> None:
    holder = checksummed(bytes.fromhex(anvil.ask(anvil_node.url, "eth_accounts")[0][2:]))
    assert recover(what.hash, opened(f"{anvil_node.url}#{holder}").sign(what))[0] == holder
    with pytest.raises(Refused, match="does not sign"):
        opened(f"{anvil_node.url}#{ELSEWHERE}").sign(what)


def raw(signature: bytes) -> Callable[[Question], Reply]:
    return lambda q: answers({"jsonrpc": "2.0", "id": q["id"], "result": "0x" + signature.hex()})


GOOD = by_key(SIGNED.typed_data())
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HIGH = GOOD[:32] + (ORDER - int.from_bytes(GOOD[32:64])).to_bytes(32, "big")


@pytest.mark.parametrize(
    "given",
    [GOOD, GOOD[:64] + bytes((GOOD[64] - 27,)), HIGH + bytes((55 - GOOD[64],)), HIGH + bytes((28 - GOOD[64],))],
    ids=["27 and 28", "0 and 1", "a high s", "a high s with 0 and 1"],
)
def test_the_forms_of_one_signature_come_to_the_same(given: bytes) -> None:
    """threat_34."""
    with over_http(raw(given)) as (url, _):
        assert opened(f"{url}#{ADDRESS}").sign(SIGNED) == GOOD


OTHER = SafeTx(chain_id=31337, safe=ELSEWHERE, to=ADDRESS, value=8, data=bytes(range(100)), nonce=3)
PREFIXED = bytes(Account.unsafe_sign_hash(keccak(b"\x19Ethereum Signed Message:\n32" + SIGNED.hash), KEY).signature)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (by_key(SIGNED.typed_data(), keccak(b"another key")), "'s, not 0x"),
        (by_key(OTHER.typed_data()), "'s, not 0x"),
        (PREFIXED, "'s, not 0x"),
        (GOOD[:64] + b"\x1f", "no signature over typed data"),
        (GOOD[:64], "no signature over typed data"),
        (GOOD + b"\0", "no signature over typed data"),
        (bytes(64) + b"\x1b", "no signature"),
        (GOOD[:32] + b"\xff" * 32 + b"\x1b", "no signature"),
    ],
    ids=[
        "another account's",
        "over other values",
        "over a prefixed hash, as Web3Signer made before its fix",
        "eth_sign's v",
        "cut",
        "too long",
        "zeros",
        "s beyond the order",
    ],
)
def test_a_signature_that_is_not_the_accounts_over_our_hash_is_refused(given: bytes, why: str) -> None:
    """threat_34, threat_49: a signer is never believed."""
    with over_http(raw(given)) as (url, _), pytest.raises(Refused, match=why):
        opened(f"{url}#{ADDRESS}").sign(SIGNED)


def says(document: object, **how: object) -> Callable[[Question], Reply]:
    return lambda _: answers(document, **how)


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (says({"jsonrpc": "2.0", "id": 1, "error": {"code": 4001, "message": "User rejected"}}), Refused, "User rejec"),
        (
            says({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "no\x1b[2K"}}),
            Refused,
            "no\N{REPLACEMENT CHARACTER}",
        ),
        (says({"id": 1, "error": {"code": -32601, "message": "no method"}}, status=400), Refused, "no method"),
        (says({"id": 1, "error": "no"}), Refused, "no reason"),
        (says({"jsonrpc": "2.0", "id": 9, "result": "0x" + GOOD.hex()}), Unreachable, "what was asked"),
        (says({"jsonrpc": "2.0", "id": 1}), Unreachable, "what was asked"),
        (says({"jsonrpc": "2.0", "id": 1, "result": "yes"}), Unreachable, "with a signature"),
        (says([]), Unreachable, "JSON-RPC"),
        (lambda _: Reply(body=b"<html>"), Unreachable, "JSON-RPC"),
        (lambda _: Reply(body=b"{" + b"[" * 9000), Unreachable, "JSON-RPC"),
        (lambda _: Reply(body=b"gone", status=502), Unreachable, "502"),
        (lambda _: Reply(status=401), Refused, "credentials"),
        (lambda _: Reply(body=b" " * (MAX_ANSWER + 1)), Unreachable, "more than a signature"),
        (lambda _: Reply(status=307, headers=(("Location", "http://127.0.0.1:9/"),)), Unreachable, "elsewhere"),
    ],
)
def test_what_is_no_signature_is_told_for_what_it_is(
    script: Callable[[Question], Reply], error: type[GovError], words: str
) -> None:
    """threat_57: no error has more of the URL than its origin."""
    with over_http(script) as (url, _), pytest.raises(error, match=words) as caught:
        RemoteSigner(read_endpoint(Dialect.RPC, f"{url}/{SECRET}?key={SECRET}#{ADDRESS}")).sign(SIGNED)
    told = "".join(traceback.format_exception(caught.value)) + caught.value.hint() + repr(caught.value)
    assert SECRET not in told
    assert "127.0.0.1" in told


def test_silence_is_unreachable(tmp_path: Path) -> None:
    with over_http(wallet) as (url, _):
        pass
    for written in (f"{url}/{SECRET}#{ADDRESS}", f"clef:{tmp_path}/nobody.ipc#{ADDRESS}"):
        with pytest.raises(Unreachable, match="does not answer") as caught:
            opened(written).sign(SIGNED)
        assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_signer_that_drips_is_left() -> None:
    waiting = threading.Event()

    def late(question: Question) -> Reply:
        waiting.wait(5)
        return wallet(question)

    with over_http(late) as (url, _):
        with pytest.raises(Unreachable, match="ReadTimeout"):
            RemoteSigner(read_endpoint(Dialect.RPC, f"{url}#{ADDRESS}"), patience=0.05).sign(SIGNED)
        waiting.set()


@pytest.mark.parametrize(
    ("written", "error", "why"),
    [
        ("http://127.0.0.1:1", Rejected, "whose signature"),
        ("http://127.0.0.1:1#alice", Rejected, "not an address"),
        (f"ftp://host#{ADDRESS}", Rejected, "no way to sign"),
        (f"clef:ftp://host#{ADDRESS}", Rejected, "not an http or https URL"),
        (f"http://[#{ADDRESS}", Rejected, "not an http or https URL"),
        (f"http://host:port#{ADDRESS}", Rejected, "not an http or https URL"),
        (f"web3signer:/a/socket#{ADDRESS}", Rejected, "only Clef"),
        (f"http://signer.example/x#{ADDRESS}", Refused, "not on this machine"),
        (f"https://me:{SECRET}@signer.example#{ADDRESS}", Refused, "may be secret"),
        (f"https://signer.example/?key={SECRET}#{ADDRESS}", Refused, "may be secret"),
        ("smoke", Rejected, "no way to sign"),
        ("", Rejected, "no way to sign"),
    ],
)
def test_what_names_no_signer_is_refused(written: str, error: type[GovError], why: str) -> None:
    """threat_57."""
    with pytest.raises(error, match=why) as caught:
        opened(written)
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caught.value.hint()


def test_the_environment_neither_redirects_nor_adds_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """threat_57: neither a proxy nor a `.netrc` sees the question."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with over_http(wallet) as (url, asked):
        opened(f"{url}/?key={SECRET}#{ADDRESS}", in_arguments=False).sign(SIGNED)
    assert "Authorization" not in asked[0]["headers"]
    assert json.loads(asked[0]["params"][1]) == SIGNED.typed_data()
