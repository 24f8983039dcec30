"""A Trezor: its maker's own library above, packets of 64 bytes below. No device was at hand (docs/known-limits.md)."""

from collections.abc import Callable

import pytest
from trezorlib.messages import FailureType

from governance.adapters.derivation import DEFAULT, read_path
from governance.adapters.trezor import TrezorSigner, open_trezor
from governance.core.errors import GovError, Refused, Unreachable
from governance.core.keccak import keccak
from governance.core.signable import Signable
from governance.core.signature import recover
from tests.adapters.test_ledger import EMPTY, FOR_A_SAFE, LONG
from tests.adapters.test_remotesigner import TERMS
from tests.adapters.trezordevice import Device, Packets
from tests.adapters.walletserver import ADDRESS, SIGNED


def opened(device: Device, ask: Callable[[str], str] = lambda _: "", said: list[str] | None = None) -> TrezorSigner:
    tell = [].append if said is None else said.append
    return open_trezor(read_path(DEFAULT), tell, ask, Packets(device))


@pytest.mark.parametrize(
    "what",
    [SIGNED, EMPTY, LONG, TERMS, FOR_A_SAFE],
    ids=["a transaction", "without data", "with much data", "an approval", "an owner Safe's message"],
)
def test_the_device_is_sent_the_whole_document_and_hashes_it_itself(what: Signable) -> None:
    device = Device()
    signer = opened(device)
    assert signer.address == ADDRESS
    assert recover(what.hash, signer.sign(what))[0] == ADDRESS
    assert device.shown_hash == what.message_hash
    assert "EthereumSignTypedHash" not in device.asked
    signer.close()
    assert device.asked[-1] == "EndSession"


def test_a_model_one_is_given_both_hashes_and_its_pin_by_places() -> None:
    device, questions, said = Device(model="1", pin="3719"), list[str](), list[str]()

    def ask(words: str) -> str:
        questions.append(words)
        return "3719"

    assert recover(SIGNED.hash, opened(device, ask, said).sign(SIGNED))[0] == ADDRESS
    assert "EthereumSignTypedData" not in device.asked
    assert ["PIN" in words for words in questions] == [True]
    assert "the Trezor asks something: look at it" in said


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (FailureType.ActionCancelled, "holder does not want"),
        (FailureType.DataError, "does not sign: .*device says no"),
        (FailureType.PinCancelled, "holder does not want"),
    ],
)
def test_a_refusal_is_told(refuses: FailureType, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        opened(Device(refuses=refuses)).sign(SIGNED)
    assert "\x1b" not in caught.value.message


def test_another_seeds_signature_is_refused() -> None:
    """threat_34."""
    with pytest.raises(Refused, match="'s, not 0x"):
        opened(Device(key=keccak(b"another seed"))).sign(SIGNED)


def test_a_wrong_pin_leaves_it_locked() -> None:
    with pytest.raises(Refused, match="locked"):
        opened(Device(model="1", pin="3719"), lambda _: "1111")


def test_no_device_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    from trezorlib import transport

    monkeypatch.setattr(transport, "all_transports", list)
    with pytest.raises(Unreachable, match="no Trezor is reached"):
        open_trezor(read_path(DEFAULT), print, input)


@pytest.mark.parametrize("error", ["UnexpectedMessageError", "OutdatedFirmwareError", "DeviceLockedError"])
def test_other_faults_have_their_own_words(error: str) -> None:
    from trezorlib import exceptions, messages

    from governance.adapters.trezor import _fault

    kinds: dict[str, tuple[Exception, type[GovError], str]] = {
        "UnexpectedMessageError": (
            exceptions.UnexpectedMessageError(messages.Success, messages.Failure()), Unreachable, "as it should"),
        "OutdatedFirmwareError": (exceptions.OutdatedFirmwareError(), Refused, "too old"),
        "DeviceLockedError": (exceptions.DeviceLockedError(), Refused, "locked"),
    }  # fmt: skip
    given, kind, said = kinds[error]
    told = _fault(given)
    assert isinstance(told, kind)
    assert said in told.message
