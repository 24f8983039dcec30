"""Keystores: they open for their owner only, and neither key nor password is ever seen outside (threat_57)."""

import copy
import hashlib
import json
import os
import pickle
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from governance.adapters.keys import KeystoreSigner, create_keystore, prompt_password, read_password
from governance.core.errors import GovError, Refused, Rejected
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.signature import SignatureKind, recover
from governance.ports import Signer

KEY = keccak(b"canary in the coal mine")
PASSWORD = "CaNaRy-pass-\N{BIRD}-phrase"
ADDRESS = Account.from_key(KEY).address
SIGNED = SafeTx(chain_id=1, safe=ADDRESS, to=ADDRESS, nonce=0)
CHEAP = 1024
SECRETS = (KEY.hex(), str(int.from_bytes(KEY)), repr(KEY)[2:-1], PASSWORD, ascii(PASSWORD)[1:-1])


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "alice.json"
    assert create_keystore(path, PASSWORD, KEY, iterations=CHEAP) == ADDRESS
    return path


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


def test_a_keystore_signs_what_the_safe_takes_and_the_key_is_the_signer(keystore: Path) -> None:
    signer: Signer = KeystoreSigner.open(keystore, PASSWORD)
    assert signer.address == ADDRESS
    signature = signer.sign(SIGNED)
    assert recover(SIGNED.hash, signature) == (ADDRESS, SignatureKind.EIP712)
    assert (
        int.from_bytes(signature[32:64], "big")
        <= 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2
    )
    assert signature == bytes(Account.unsafe_sign_hash(SIGNED.hash, KEY).signature)


def test_a_transaction_is_signed_by_the_same_key(keystore: Path) -> None:
    fields = {
        "chainId": 31337, "nonce": 0, "to": ADDRESS, "value": 0, "data": "0x", "gas": 21000, "type": 2,
        "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 1,
    }  # fmt: skip
    raw, digest = KeystoreSigner.open(keystore, PASSWORD).sign_transaction(fields)
    assert Account.recover_transaction(raw) == ADDRESS
    assert digest == keccak(raw)


def test_a_new_keystore_is_for_its_owner_only_and_never_overwrites(keystore: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600
    before = keystore.read_bytes()
    with pytest.raises(Refused, match="exists"):
        create_keystore(keystore, PASSWORD, iterations=CHEAP)
    assert keystore.read_bytes() == before
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "nowhere.json")
    with pytest.raises(Refused, match="exists"):
        create_keystore(link, PASSWORD, iterations=CHEAP)
    with pytest.raises(Rejected, match="cannot be written"):
        create_keystore(tmp_path / "no" / "folder.json", PASSWORD, iterations=CHEAP)


def test_a_fresh_key_is_another_each_time(tmp_path: Path) -> None:
    made = {create_keystore(tmp_path / f"{i}.json", PASSWORD, iterations=CHEAP) for i in range(3)}
    assert len(made) == 3
    assert KeystoreSigner.open(tmp_path / "0.json", PASSWORD).address in made


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\xff" * 32, bytes(33)])
def test_bytes_that_are_no_key_are_rejected_and_nothing_is_written(key: bytes, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="not a private key"):
        create_keystore(tmp_path / "x.json", PASSWORD, key)
    assert not (tmp_path / "x.json").exists()


def test_an_empty_password_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="empty password"):
        create_keystore(tmp_path / "x.json", "", KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601, 0o666])
def test_a_keystore_that_others_may_touch_is_refused(keystore: Path, mode: int) -> None:
    keystore.chmod(mode)
    with pytest.raises(Refused, match=f"mode {mode:o}") as refusal:
        KeystoreSigner.open(keystore, PASSWORD)
    assert refusal.value.hint() == f"chmod 600 {keystore}"


def test_a_link_to_a_keystore_is_refused(keystore: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(keystore)
    with pytest.raises(Refused, match="symbolic link"):
        KeystoreSigner.open(link, PASSWORD)


def test_what_is_no_file_of_a_keystores_size_is_rejected(tmp_path: Path) -> None:
    fifo, big = tmp_path / "fifo", tmp_path / "big.json"
    os.mkfifo(fifo, 0o600)
    big.write_bytes(b" " * (65 << 10))
    big.chmod(0o600)
    for path in (tmp_path / "missing.json", tmp_path, fifo, big):
        with pytest.raises(Rejected):
            KeystoreSigner.open(path, PASSWORD)


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", KEY.hex(), f'"{KEY.hex()}"', '{"crypto": 1}', "[" * 60_000])
def test_what_is_no_keystore_is_rejected_without_being_quoted(keystore: Path, text: str) -> None:
    keystore.write_text(text)
    with pytest.raises(Rejected, match="is not a keystore") as rejection:
        KeystoreSigner.open(keystore, PASSWORD)
    assert leaks("".join(traceback.format_exception(rejection.value))) == []


@pytest.mark.parametrize(
    ("name", "error", "edit"),
    [
        ("another version", Rejected, lambda d: d.update(version=4)),
        ("no parameters", Rejected, lambda d: d["crypto"].pop("kdfparams")),
        ("a cost in words", Rejected, lambda d: d["crypto"]["kdfparams"].update(n="many")),
        ("a cost of zero", Rejected, lambda d: d["crypto"]["kdfparams"].update(r=0)),
        ("all the memory", Refused, lambda d: d["crypto"]["kdfparams"].update(n=1 << 30)),
        ("hours of work", Refused, lambda d: d["crypto"]["kdfparams"].update(c=10**12)),
        ("many lanes", Refused, lambda d: d["crypto"]["kdfparams"].update(p=1000)),
    ],
)
def test_a_keystore_that_would_stall_the_signer_does_not_open(
    keystore: Path, name: str, error: type[GovError], edit: Callable[[dict[str, Any]], object]
) -> None:
    change(keystore, edit)
    with pytest.raises(error):
        KeystoreSigner.open(keystore, PASSWORD)


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("an unknown derivation", lambda d: d["crypto"].update(kdf="argon2")),
        ("no ciphertext", lambda d: d["crypto"].pop("ciphertext")),
        ("a ciphertext that is no hex", lambda d: d["crypto"].update(ciphertext="zz")),
        ("a changed ciphertext", lambda d: d["crypto"].update(ciphertext="00" * 32)),
        ("a number for a salt", lambda d: d["crypto"]["kdfparams"].update(salt=5)),
        ("n that is no power of two", lambda d: d["crypto"]["kdfparams"].update(n=1000)),
    ],
)
def test_a_damaged_keystore_does_not_open(keystore: Path, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    change(keystore, edit)
    with pytest.raises(Refused, match="does not open"):
        KeystoreSigner.open(keystore, PASSWORD).sign(SIGNED)


@pytest.mark.parametrize("content", [bytes(32), b"\xff" * 32, b"\x01" * 16])
def test_an_encrypted_text_that_is_no_key_is_rejected(keystore: Path, content: bytes) -> None:
    def encrypt(document: dict[str, Any]) -> None:
        crypto = document["crypto"]
        cost = crypto["kdfparams"]
        derived = hashlib.scrypt(
            PASSWORD.encode(), salt=bytes.fromhex(cost["salt"]), n=cost["n"], r=cost["r"], p=cost["p"], dklen=32
        )
        stream = bytes(a ^ b for a, b in zip(bytes.fromhex(crypto["ciphertext"]), KEY, strict=True))
        hidden = bytes(a ^ b for a, b in zip(stream, content, strict=False))
        crypto.update(ciphertext=hidden.hex(), mac=keccak(derived[16:] + hidden).hex())

    change(keystore, encrypt)
    with pytest.raises(Rejected, match="no private key"):
        KeystoreSigner.open(keystore, PASSWORD).sign(SIGNED)


def test_a_wrong_password_is_refused_when_the_key_is_needed_and_not_kept(keystore: Path) -> None:
    signer = KeystoreSigner.open(keystore, PASSWORD + "!")
    for need in (lambda: signer.address, lambda: signer.sign(SIGNED), lambda: signer.sign_transaction({})):
        with pytest.raises(Refused, match="does not open with this password") as refusal:
            need()
        assert leaks("".join(traceback.format_exception(refusal.value))) == []


def test_the_address_is_the_keys_not_what_the_file_says(keystore: Path) -> None:
    change(keystore, lambda d: d.update(address="00" * 20))
    assert KeystoreSigner.open(keystore, PASSWORD).address == ADDRESS


@pytest.mark.parametrize("used", [False, True], ids=["locked", "unlocked"])
def test_neither_key_nor_password_is_in_anything_a_signer_shows(keystore: Path, used: bool) -> None:
    signer = KeystoreSigner.open(keystore, PASSWORD)
    if used:
        signer.sign(SIGNED)
    shown = [repr(signer), str(signer), f"{signer}", ascii(signer), repr([signer]), repr(dir(signer))]
    assert [leaks(text) for text in shown] == [[]] * len(shown)
    assert not hasattr(signer, "__dict__")
    for copying in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or stored") as refusal:
            copying(signer)
        assert leaks("".join(traceback.format_exception(refusal.value))) == []


def test_a_transaction_that_cannot_be_signed_tells_no_key(keystore: Path) -> None:
    signer = KeystoreSigner.open(keystore, PASSWORD)
    for fields in ({}, {"nonce": "x"}, {"to": 5, "chainId": 1, "nonce": 0, "gas": 1, "gasPrice": 1, "value": 0}):
        with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever the library raises, it must not tell
            signer.sign_transaction(fields)
        assert leaks("".join(traceback.format_exception(failure.value))) == []


def pipe(content: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b" spaces stay \n", " spaces stay "),
        (PASSWORD.encode(), PASSWORD),
    ],
)
def test_a_password_is_the_line_that_a_descriptor_gives(content: bytes, password: str) -> None:
    descriptor = pipe(content)
    assert read_password(descriptor) == password
    os.close(descriptor)


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"x" * 5000, b"\xff" + PASSWORD.encode()])
def test_what_is_not_one_line_of_text_is_rejected_without_being_quoted(content: bytes) -> None:
    descriptor = pipe(content)
    with pytest.raises(Rejected) as rejection:
        read_password(descriptor)
    os.close(descriptor)
    assert leaks("".join(traceback.format_exception(rejection.value))) == []


def test_a_descriptor_that_is_not_open_is_rejected() -> None:
    with pytest.raises(Rejected, match="cannot be read") as rejection:
        read_password(987)
    assert "3< FILE" in rejection.value.hint()


def test_a_password_that_comes_in_pieces_is_read_whole() -> None:
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", "import os,time\nfor c in b'piece': os.write(1, bytes([c])); time.sleep(.01)"],
        stdout=writing,
    )
    os.close(writing)
    assert read_password(reading) == "piece"
    os.close(reading)
    assert child.wait() == 0


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "empty").open("w+") as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(Rejected, match="nobody is there"):
            prompt_password(tmp_path / "alice.json")


def test_the_prompt_does_not_echo_and_names_the_file_only(tmp_path: Path) -> None:
    """On a terminal of its own: what the child's terminal shows is the prompt, not the password."""
    code = "from pathlib import Path; from governance.adapters.keys import prompt_password as p; "
    code += "print(len(p(Path('/secret/place/alice.json'))))"
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", code])
    seen = b""
    while b"alice.json: " not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, PASSWORD.encode() + b"\n")
    while str(len(PASSWORD)).encode() not in seen:
        seen += os.read(terminal, 1024)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert leaks(seen.decode()) == []
    assert b"place" not in seen


def test_opening_loads_no_heavy_library() -> None:
    code = "import governance.adapters.keys, sys; print('eth_account' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
