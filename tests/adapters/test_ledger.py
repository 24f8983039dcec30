"""A Ledger: ledgerblue's own code on one side of a socket, the app's published specification on the other.

No device was at hand; what the specification does not say is not known here (docs/known-limits.md).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from governance.adapters.derivation import DEFAULT, read_path
from governance.adapters.ledger import MAX_VALUE, LedgerSigner, _apdu, over_usb
from governance.adapters.signers import open_signer
from governance.core.errors import GovError, Refused, Rejected, Unreachable
from governance.core.keccak import keccak
from governance.core.safemessage import SafeMessage
from governance.core.safetx import SafeTx
from governance.core.signable import Signable
from governance.core.signature import recover
from tests.adapters.ledgerapp import PATH, App, served
from tests.adapters.test_remotesigner import TERMS
from tests.adapters.walletserver import ADDRESS, ELSEWHERE, SIGNED

EMPTY = SafeTx(chain_id=1, safe=ELSEWHERE, to=ADDRESS, nonce=0)
LONG = SafeTx(chain_id=11155111, safe=ELSEWHERE, to=ADDRESS, data=bytes(range(256)) * 9, nonce=2**255)
HUGE = SafeTx(chain_id=1, safe=ELSEWHERE, to=ADDRESS, data=bytes(MAX_VALUE + 1), nonce=1)
FOR_A_SAFE = SafeMessage(chain_id=31337, safe=ELSEWHERE, message=bytes(SIGNED.hash))


@contextmanager
def plugged(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LedgerSigner, list[str]]]:
    """A signer over the real ledgerblue."""
    from ledgerblue import comm

    said: list[str] = []
    with served(app.answer) as place:
        monkeypatch.setattr(comm, "TCP_PROXY", place)
        with open_signer("ledger", said.append, in_arguments=True) as signer:
            assert isinstance(signer, LedgerSigner)
            yield signer, said


@pytest.mark.parametrize(
    "what",
    [SIGNED, EMPTY, LONG, TERMS, FOR_A_SAFE],
    ids=["a transaction", "without data", "with much data", "an approval", "an owner Safe's message"],
)
@pytest.mark.parametrize("v_from", [27, 0])
def test_the_device_is_sent_the_whole_document_and_hashes_it_itself(
    what: Signable, v_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App(v_from=v_from)
    with plugged(app, monkeypatch) as (signer, said):
        assert signer.address == ADDRESS
        assert recover(what.hash, signer.sign(what))[0] == ADDRESS
    assert app.apdus[-1] == bytes.fromhex("E00C000115") + PATH
    assert not any(apdu[1] == 0x0C and apdu[3] == 0 for apdu in app.apdus)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("app", "what"),
    [(App(knows_documents=False), SIGNED), (App(status={0x1C: 0x6A80}), LONG), (App(), HUGE)],
    ids=["an app that knows none", "one whose memory ends", "longer than can be told"],
)
def test_where_the_app_cannot_show_the_document_it_shows_both_hashes(
    app: App, what: SafeTx, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged(app, monkeypatch) as (signer, said):
        assert recover(what.hash, signer.sign(what))[0] == ADDRESS
    assert app.apdus[-1] == bytes.fromhex("E00C000055") + PATH + what.domain_hash + what.message_hash
    assert "domain hash and message hash" in said[-1]


def test_the_bytes_are_those_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of GET ETH PUBLIC ADDRESS in doc/apdu.md, and each form of EIP712 SEND STRUCT in doc/ethapp.adoc."""
    example = "E0 02 00 00 11 04 8000002C 8000003C 00000000 00000000"
    path = b"".join(number.to_bytes(4, "big") for number in read_path("44'/60'/0/0"))
    assert _apdu(0x02, 0, 0, b"\x04" + path) == bytes.fromhex(example)
    app = App()
    with plugged(app, monkeypatch) as (signer, _):
        signer.sign(LONG)
    sent = [apdu.hex() for apdu in app.apdus]
    assert sent[0] == "e002000015" + PATH.hex()
    assert sent[1:4] == [
        "e01a00000c" + b"EIP712Domain".hex(),
        "e01a00ff0a" + "42" + "20" + "07" + b"chainId".hex(),
        "e01a00ff13" + "03" + "11" + b"verifyingContract".hex(),
    ]
    assert "e01a00ff06" + "07" + "04" + b"data".hex() in sent
    assert "e01a00ff0c" + "42" + "01" + "09" + b"operation".hex() in sent
    assert "e01c000006" + b"SafeTx".hex() in sent
    assert "e01c00ff05" + "0003" + "aa36a7" in sent
    assert "e01c00ff03" + "0001" + "00" in sent
    data = bytes.fromhex("0900") + LONG.data
    pieces = [("01" if i + 255 < len(data) else "00", data[i : i + 255]) for i in range(0, len(data), 255)]
    told = [f"e01c{p1}ff{len(piece):02x}{piece.hex()}" for p1, piece in pieces]
    start = sent.index(told[0])
    assert sent[start : start + len(told)] == told


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ({0x0C: 0x6982}, Refused, "holder does not want"),
        ({0x1C: 0x6985}, Refused, "holder does not want"),
        ({0x02: 0x5515}, Refused, "locked"),
        ({0x02: 0x6E00}, Refused, "Ethereum app is not open"),
        ({0x02: 0x6D00}, Refused, "Ethereum app is not open"),
        ({0x0C: 0x6A80}, Refused, "does not take this"),
        ({0x0C: 0x6F42}, Unreachable, "status 6f42"),
    ],
)
def test_status_words_are_told_in_words(
    status: dict[int, int], error: type[GovError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugged(App(status=status), monkeypatch) as (signer, _), pytest.raises(error, match=said):
        signer.sign(SIGNED)


def test_another_accounts_signature_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_34."""
    with (
        plugged(App(key=keccak(b"another seed")), monkeypatch) as (signer, _),
        pytest.raises(Refused, match="'s, not 0x"),
    ):
        signer.sign(SIGNED)


@pytest.mark.parametrize("answer", [b"", b"\x41", b"\x00\x02zz", bytes((65,)) + bytes(65) + b"\x02ab"])
def test_an_answer_without_an_address_is_unreachable(answer: bytes) -> None:
    signer = LedgerSigner(lambda _: (answer, 0x9000), read_path(DEFAULT), lambda _: None)
    with pytest.raises(Unreachable, match="with an address"):
        _ = signer.address


def test_an_answer_without_a_signature_is_unreachable() -> None:
    def short(apdu: bytes) -> tuple[bytes, int]:
        answer, status = App().answer(apdu) if apdu[1] == 0x02 else (bytes(64), 0x9000)
        return answer, status

    with pytest.raises(Unreachable, match="with a signature"):
        LedgerSigner(short, read_path(DEFAULT), lambda _: None).sign(SIGNED)


def test_no_device_and_one_that_leaves_are_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    from ledgerblue import comm

    monkeypatch.setattr(comm, "TCP_PROXY", None)
    monkeypatch.setattr(comm.hid, "enumerate", lambda *_: [])
    with pytest.raises(Unreachable, match="no Ledger is reached"):
        over_usb()
    for fault in (comm.CommException("Timeout"), OSError("read error"), BaseException("Error while writing")):
        with monkeypatch.context() as patched:
            patched.setattr(comm, "getDongle", lambda fault=fault: Leaving(fault))
            exchange, let_go = over_usb()
            with pytest.raises(Unreachable, match=r"does not answer|unplugged"):
                exchange(b"\xe0")
            let_go()
    monkeypatch.setattr(comm, "getDongle", lambda: Leaving(KeyboardInterrupt()))
    exchange, _ = over_usb()
    with pytest.raises(KeyboardInterrupt):
        exchange(b"\xe0")


class Leaving:
    """A device that is unplugged while it is asked."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    def exchange(self, apdu: bytearray, timeout: int) -> bytes:
        raise self.fault

    def close(self) -> None:
        pass


@pytest.mark.parametrize("kind", ["ledger", "trezor"])
def test_without_its_library_the_way_to_install_it_is_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ledgerblue.comm", "ledgerblue.commException", "trezorlib.client"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Refused, match="is not installed") as caught, open_signer(kind, print, in_arguments=True):
        pass
    assert f"gov-orchestrator[{kind}]" in caught.value.hint()


@pytest.mark.parametrize("written", ["44'/60'", "m/44h/60h/0h/0/7", "2147483647'"])
def test_paths_are_read(written: str) -> None:
    numbers = read_path(written)
    assert len(numbers) == written.removeprefix("m/").count("/") + 1
    assert numbers[0] >= 1 << 31


@pytest.mark.parametrize("written", ["", "m", "44'/x", "44'//0", "2147483648", "-1", "/".join("0" * 11), "01", "0\n"])
def test_what_is_no_path_is_refused(written: str) -> None:
    with pytest.raises(Rejected, match="no path"):
        read_path(written)
