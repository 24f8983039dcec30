"""Signatures read, recovered and combined; every outcome is the one of the Safe's own code.

Covers threat_34 (signature forms) and threat_35 (unsorted, duplicate, surplus).
"""

import json
from pathlib import Path

import pyrevm
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.signature import (
    Signature,
    SignatureKind,
    approved_hash,
    combine,
    eth_sign_hash,
    parse,
    read_signature,
    recover,
)
from governance.core.units import ZERO_ADDRESS, Bytes32, address_bytes, checksummed
from tests.core.safevm import Person, RealSafe, ascending

PUBLISHED = json.loads((Path(__file__).parent.parent / "vectors" / "safe-mainnet-transaction.json").read_text())
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGEST = Bytes32(keccak(b"a Safe transaction"))
PEOPLE = ascending([Person(seed) for seed in range(4)])
ALICE, BOB, CAROL, DAVE = PEOPLE
GOOD = ALICE.sign(DIGEST)
CONTRACT = checksummed(b"\x12\x71" * 10)

digests = st.binary(min_size=32, max_size=32).map(Bytes32)


def malleated(signature: bytes) -> bytes:
    """The other signature of the same key over the same hash: n - s, and the other parity."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    v = signature[64]
    return signature[:32] + s.to_bytes(32, "big") + bytes([v + 1 if v in {27, 31} else v - 1])


def contract_part(offset: int) -> bytes:
    return bytes(12) + address_bytes(CONTRACT) + offset.to_bytes(32, "big") + b"\x00"


def test_both_owners_of_the_published_transaction_are_recovered_from_its_blob() -> None:
    published = PUBLISHED["results"][0]
    digest = Bytes32(bytes.fromhex(published["safeTxHash"][2:]))
    blob = bytes.fromhex(published["signatures"][2:])
    signatures = parse(digest, blob)
    assert {each.owner for each in signatures} == {each["owner"] for each in published["confirmations"]}
    assert {each.kind for each in signatures} == {SignatureKind.ETH_SIGN}
    assert combine(reversed(signatures), 2) == blob


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(1, ORDER - 1), nonce=st.integers(0, 2**256 - 1))
def test_what_eth_account_signs_is_recovered(seed: int, nonce: int) -> None:
    account = Account.from_key(seed.to_bytes(32, "big"))
    tx = SafeTx(chain_id=1, safe=CONTRACT, to=CONTRACT, nonce=nonce)
    typed = bytes(account.sign_message(encode_typed_data(full_message=tx.typed_data())).signature)
    assert recover(tx.hash, typed) == (account.address, SignatureKind.EIP712)
    prefixed = bytes(account.sign_message(encode_defunct(tx.hash)).signature)
    eth_sign = prefixed[:64] + bytes([prefixed[64] + 4])
    assert recover(tx.hash, eth_sign) == (account.address, SignatureKind.ETH_SIGN)


@settings(deadline=None, max_examples=60)
@given(digest=digests, eth_sign=st.booleans())
def test_a_high_s_is_recovered_to_the_same_owner(digest: Bytes32, eth_sign: bool) -> None:
    signature = ALICE.sign(eth_sign_hash(digest), v=31) if eth_sign else ALICE.sign(digest)
    other = malleated(signature)
    assert other != signature
    assert int.from_bytes(other[32:64], "big") > ORDER // 2
    assert recover(digest, other) == recover(digest, signature) == (ALICE.address, recover(digest, other)[1])


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("r is zero", bytes(32) + GOOD[32:]),
        ("s is zero", GOOD[:32] + bytes(32) + GOOD[64:]),
        ("r is the order of the curve", ORDER.to_bytes(32, "big") + GOOD[32:]),
        ("s is the order of the curve", GOOD[:32] + ORDER.to_bytes(32, "big") + GOOD[64:]),
        ("s is the largest word", GOOD[:32] + b"\xff" * 32 + GOOD[64:]),
        ("r is no x on the curve", (5).to_bytes(32, "big") + GOOD[32:]),
        *((f"v is {v}", GOOD[:64] + bytes([v])) for v in (2, 26, 29, 30, 33, 35, 255)),
        ("a byte short", GOOD[:64]),
        ("a byte long", GOOD + b"\x00"),
        ("nothing", b""),
    ],
)
def test_a_signature_nobody_can_have_made_is_rejected_here_and_by_the_safe(name: str, signature: bytes) -> None:
    safe = RealSafe("1.4.1", [ALICE.address], 1)
    assert safe.takes(DIGEST, GOOD, 1)
    # The Safe reads the first 65 bytes and skips what follows; here no byte may be left over.
    assert name == "a byte long" or not safe.takes(DIGEST, signature, 1)
    for reading in (recover, read_signature, parse if signature else read_signature):
        with pytest.raises(Rejected):
            reading(DIGEST, signature)


@pytest.mark.parametrize(("v", "kind"), [(0, "eip1271"), (1, "approved_hash")])
def test_a_signature_that_names_its_owner_is_not_recovered(v: int, kind: str) -> None:
    with pytest.raises(Rejected, match=kind):
        recover(DIGEST, bytes(12) + address_bytes(ALICE.address) + bytes(32) + bytes([v]))


def test_an_approved_hash_is_read_back() -> None:
    blob = combine([approved_hash(ALICE.address)], 1)
    assert blob == bytes(12) + address_bytes(ALICE.address) + bytes(32) + b"\x01"
    assert read_signature(DIGEST, blob) == approved_hash(ALICE.address)


@pytest.mark.parametrize(
    ("name", "blob"),
    [
        ("an owner longer than an address", b"\x01" * 32 + bytes(32) + b"\x01"),
        ("the zero address", bytes(64) + b"\x01"),
        ("offset into the static part (GS021)", contract_part(64) + (0).to_bytes(32, "big")),
        ("offset behind the end (GS022)", contract_part(66)),
        ("length behind the end (GS023)", contract_part(65) + (1).to_bytes(32, "big")),
        ("an endless length (GS023)", contract_part(65) + b"\xff" * 32),
        ("an endless offset (GS022)", contract_part(2**256 - 1)),
        ("bytes between the parts", contract_part(66) + b"\x00" + bytes(32)),
        ("bytes behind the parts", contract_part(65) + bytes(33)),
        ("two parts where one is wanted", GOOD + GOOD),
    ],
)
def test_a_blob_with_bytes_that_belong_to_none_is_rejected(name: str, blob: bytes) -> None:
    with pytest.raises(Rejected):
        read_signature(DIGEST, blob)


def test_a_signature_of_the_wrong_shape_does_not_come_to_be() -> None:
    for owner, kind, data in (
        (ALICE.address, SignatureKind.EIP712, GOOD[:64]),
        (ALICE.address, SignatureKind.ETH_SIGN, GOOD),
        (ALICE.address, SignatureKind.EIP712, GOOD[:64] + b"\x05"),
        (ALICE.address, SignatureKind.APPROVED_HASH, GOOD),
        (ZERO_ADDRESS, SignatureKind.APPROVED_HASH, b""),
    ):
        with pytest.raises(Rejected):
            Signature(owner=owner, kind=kind, data=data)


def test_signatures_are_sorted_by_number_not_by_text_and_cut_to_the_threshold() -> None:
    signatures = [read_signature(DIGEST, person.sign(DIGEST)) for person in (DAVE, BOB, ALICE, CAROL)]
    assert combine(signatures, 2) == ALICE.sign(DIGEST) + BOB.sign(DIGEST)
    assert combine(signatures, 9) == b"".join(person.sign(DIGEST) for person in PEOPLE)


def test_of_two_signatures_of_one_owner_the_first_is_kept() -> None:
    first, second = read_signature(DIGEST, malleated(GOOD)), read_signature(DIGEST, GOOD)
    bob = read_signature(DIGEST, BOB.sign(DIGEST))
    assert combine([first, bob, second], 3) == malleated(GOOD) + BOB.sign(DIGEST)


parts = st.one_of(
    st.sampled_from(PEOPLE).map(lambda person: ("eip712", person, b"")),
    st.sampled_from(PEOPLE).map(lambda person: ("eth_sign", person, b"")),
    st.sampled_from(PEOPLE).map(lambda person: ("approved", person, b"")),
    st.tuples(st.just("contract"), st.sampled_from(PEOPLE), st.binary(max_size=80)),
)


@settings(deadline=None, max_examples=100)
@given(digest=digests, chosen=st.lists(parts, max_size=6), threshold=st.integers(1, 6))
def test_what_is_combined_is_read_back(
    digest: Bytes32, chosen: list[tuple[str, Person, bytes]], threshold: int
) -> None:
    signatures = []
    for kind, person, data in chosen:
        if kind == "contract":
            signatures.append(Signature(owner=person.address, kind=SignatureKind.CONTRACT, data=data))
        elif kind == "approved":
            signatures.append(approved_hash(person.address))
        else:
            signed = person.sign(digest) if kind == "eip712" else person.sign(eth_sign_hash(digest), v=31)
            signatures.append(read_signature(digest, signed))
    read = parse(digest, combine(signatures, threshold))
    owners = [each.owner for each in read]
    assert (
        owners
        == sorted(owners, key=address_bytes)
        == sorted({s.owner for s in signatures}, key=address_bytes)[:threshold]
    )
    assert all(each in signatures for each in read)


@pytest.mark.parametrize(("version", "magic"), [("1.4.1", "20c13b0b"), ("1.5.0", "1626ba7e")])
def test_the_safe_finds_a_contract_signature_where_we_put_it(version: str, magic: str) -> None:
    """Safe 1.4.1 asks `isValidSignature(bytes,bytes)`, 1.5.0 the one of EIP-1271."""
    safe = RealSafe(version, [ALICE.address, BOB.address, CONTRACT], 3)
    says_yes = bytes.fromhex("63" + magic + "60e01b5f5260205ff3")
    safe.evm.insert_account_info(CONTRACT, pyrevm.AccountInfo(code=says_yes))
    tx = SafeTx(chain_id=1, safe=safe.address, to=ALICE.address, nonce=0)
    signatures = [
        Signature(owner=CONTRACT, kind=SignatureKind.CONTRACT, data=b"what the contract wants"),
        read_signature(tx.hash, BOB.sign(tx.hash)),
        read_signature(tx.hash, ALICE.sign(eth_sign_hash(tx.hash), v=31)),
    ]
    blob = combine(signatures, 3)
    preimage = b"\x19\x01" + tx.domain_hash + tx.message_hash
    assert safe.takes(tx.hash, blob, 3, preimage)
    moved = blob.replace((195).to_bytes(32, "big"), (196).to_bytes(32, "big"))
    assert moved != blob
    assert not safe.takes(tx.hash, moved, 3, preimage)
