"""A quorum counted by us and by the Safe's own code: what we count it takes, what it takes we count.

Covers threat_31 (owners and threshold change), threat_34 (signature forms) and threat_35 (unsorted, duplicate, surplus).
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.errors import Refused, Rejected
from governance.core.keccak import keccak
from governance.core.quorum import Quorum, count
from governance.core.signature import (
    SIGNATURE_BYTES,
    Signature,
    SignatureKind,
    approved_hash,
    eth_sign_hash,
    read_signature,
)
from governance.core.units import Bytes32, address_bytes
from tests.core.safevm import Person, RealSafe, ascending
from tests.core.test_signature import ORDER, malleated

DIGEST = Bytes32(keccak(b"what is signed"))
OTHER = Bytes32(keccak(b"what is not"))
OWNERS = ascending([Person(seed) for seed in range(4)])
ALICE, BOB, CAROL, DAVE = OWNERS
STRANGERS = [Person(seed) for seed in range(10, 12)]


def signed(person: Person, digest: Bytes32 = DIGEST) -> Signature:
    return read_signature(digest, person.sign(digest))


def counted(*signatures: Signature, threshold: int = 2, approved: tuple[Person, ...] = ()) -> Quorum:
    owners = [person.address for person in (CAROL, ALICE, BOB)]
    consent = frozenset(person.address for person in approved)
    return count(DIGEST, signatures, owners=owners, threshold=threshold, approved=consent)


def rules(quorum: Quorum) -> list[str]:
    return [finding.rule for finding in quorum.refused]


def test_two_of_three_owners_are_enough() -> None:
    quorum = counted(signed(BOB), signed(ALICE))
    assert (quorum.met, quorum.missing, quorum.refused) == (True, 0, ())
    assert quorum.signed == (ALICE.address, BOB.address)
    assert quorum.unsigned == (CAROL.address,)
    assert quorum.blob() == ALICE.sign(DIGEST) + BOB.sign(DIGEST)
    quorum.require()


def test_a_quorum_that_is_not_met_refuses_and_says_who_may_sign() -> None:
    quorum = counted(signed(BOB), signed(DAVE))
    assert (quorum.met, quorum.missing) == (False, 1)
    for demand in (quorum.require, quorum.blob):
        with pytest.raises(Refused, match="1 of 2 signatures") as refusal:
            demand()
        assert refusal.value.findings == quorum.refused
        assert refusal.value.hint() == f"1 more of these must sign: {CAROL.address}, {ALICE.address}"


def test_surplus_signatures_are_cut_to_the_threshold() -> None:
    quorum = counted(signed(CAROL), signed(BOB), signed(ALICE))
    assert quorum.signed == (ALICE.address, BOB.address, CAROL.address)
    assert len(quorum.blob()) == 2 * SIGNATURE_BYTES


def test_a_signer_who_left_before_sending_no_longer_counts() -> None:
    signatures = [signed(ALICE), signed(BOB)]
    before = count(DIGEST, signatures, owners=[ALICE.address, BOB.address], threshold=2, approved=frozenset())
    after = count(DIGEST, signatures, owners=[ALICE.address, CAROL.address], threshold=2, approved=frozenset())
    assert (before.met, after.met) == (True, False)
    assert rules(after) == ["signature-non-owner"]


def test_a_raised_threshold_asks_for_more_and_one_beyond_the_owners_is_never_met() -> None:
    signatures = [signed(person) for person in (ALICE, BOB, CAROL)]
    assert [counted(*signatures, threshold=n).missing for n in (1, 3, 4)] == [0, 0, 1]


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_safe_without_a_threshold_was_never_set_up(threshold: int) -> None:
    with pytest.raises(Refused, match="never set up"):
        counted(signed(ALICE), threshold=threshold)


FORGED = Signature(owner=ALICE.address, kind=SignatureKind.EIP712, data=BOB.sign(DIGEST))
BROKEN = Signature(owner=ALICE.address, kind=SignatureKind.EIP712, data=bytes(64) + b"\x1b")
BY_CONTRACT = Signature(owner=ALICE.address, kind=SignatureKind.CONTRACT, data=b"1271")


@pytest.mark.parametrize(
    ("name", "signature", "rule"),
    [
        ("of a stranger", signed(DAVE), "signature-non-owner"),
        ("over another hash", signed(ALICE, OTHER), "signature-mismatch"),
        ("in the name of another owner", FORGED, "signature-mismatch"),
        ("that is none", BROKEN, "signature-malformed"),
        ("of a contract", BY_CONTRACT, "signature-contract"),
        ("of an owner who did not approve on chain", approved_hash(ALICE.address), "signature-not-approved"),
        ("of a stranger's approval", approved_hash(DAVE.address), "signature-non-owner"),
        ("made anew by the same owner", read_signature(DIGEST, malleated(BOB.sign(DIGEST))), "signature-duplicate"),
    ],
)
def test_a_signature_does_not_count(name: str, signature: Signature, rule: str) -> None:
    quorum = counted(signed(BOB), signature)
    assert quorum.signed == (BOB.address,)
    assert rules(quorum) == [rule]
    assert all(finding.message and finding.hint for finding in quorum.refused)


def test_every_fault_is_reported_not_only_the_first() -> None:
    assert rules(counted(BROKEN, FORGED, signed(DAVE), BY_CONTRACT, signed(ALICE))) == [
        "signature-malformed",
        "signature-mismatch",
        "signature-non-owner",
        "signature-contract",
    ]


def test_the_same_signature_twice_is_one_and_no_fault() -> None:
    quorum = counted(signed(ALICE), signed(ALICE))
    assert (quorum.signed, quorum.refused) == ((ALICE.address,), ())


def test_an_approval_on_chain_counts_once_and_only_of_owners() -> None:
    quorum = counted(signed(ALICE), approved=(ALICE, BOB, DAVE))
    assert quorum.signed == (ALICE.address, BOB.address)
    assert quorum.refused == ()
    assert quorum.blob().endswith(bytes(12) + address_bytes(BOB.address) + bytes(32) + b"\x01")
    assert counted(approved_hash(BOB.address), approved=(BOB,)).signed == (BOB.address,)


Mutation = Callable[[bytes], bytes]
MUTATIONS: dict[str, Mutation] = {
    "as it was made": lambda s: s,
    "high s": lambda s: malleated(s) if s[64] in {27, 28, 31, 32} and any(s[32:64]) else s,
    "zero r": lambda s: bytes(32) + s[32:],
    "zero s": lambda s: s[:32] + bytes(32) + s[64:],
    "r of the order": lambda s: ORDER.to_bytes(32, "big") + s[32:],
    "s of the order": lambda s: s[:32] + ORDER.to_bytes(32, "big") + s[64:],
    "a bit of r": lambda s: bytes([s[0] ^ 1]) + s[1:],
    "a bit of s": lambda s: s[:63] + bytes([s[63] ^ 1]) + s[64:],
    **{f"v {v}": (lambda s, v=v: s[:64] + bytes([v])) for v in (0, 1, 2, 26, 27, 28, 29, 30, 31, 32, 33, 255)},
}


@st.composite
def raw_signatures(draw: st.DrawFn) -> bytes:
    """65 bytes by an owner or a stranger, of any kind, over the right hash or another, whole or hurt."""
    person = draw(st.sampled_from([*OWNERS * 3, *STRANGERS]))
    digest = draw(st.sampled_from([DIGEST] * 8 + [OTHER]))
    kind = draw(st.sampled_from(["eip712"] * 4 + ["eth_sign"] * 4 + ["approved", "contract"]))
    if kind == "eip712":
        whole = person.sign(digest)
    elif kind == "eth_sign":
        whole = person.sign(eth_sign_hash(digest), v=31)
    else:
        word = bytes(12) + address_bytes(person.address)
        whole = word + (65).to_bytes(32, "big") + (b"\x01" if kind == "approved" else b"\x00")
    hurt = draw(st.sampled_from(["as it was made"] * len(MUTATIONS) + sorted(MUTATIONS)))
    return MUTATIONS[hurt](whole)


def readable(raw: bytes) -> list[Signature]:
    """The signature by itself; a contract's with its empty dynamic part behind it."""
    tail = bytes(32) if raw[64] == 0 and raw[32:64] == (65).to_bytes(32, "big") else b""
    try:
        return [read_signature(DIGEST, raw + tail)]
    except Rejected:
        return []


def agree_with(version: str, examples: int) -> None:
    """Owner Bob has approved the hash on chain; nobody else has."""
    safe = RealSafe(version, [person.address for person in OWNERS], 2)
    safe.approve(BOB.address, DIGEST)

    def quorum_of(raws: list[bytes], threshold: int, approved: frozenset[str]) -> Quorum:
        signatures = [signature for raw in raws for signature in readable(raw)]
        owners = [person.address for person in OWNERS]
        return count(DIGEST, signatures, owners=owners, threshold=threshold, approved=approved)  # type: ignore[arg-type]

    @settings(deadline=None, max_examples=examples)
    @given(raws=st.lists(raw_signatures(), max_size=6), threshold=st.integers(1, 4), cut=st.integers(0, 70))
    def agree(raws: list[bytes], threshold: int, cut: int) -> None:
        quorum = quorum_of(raws, threshold, frozenset({BOB.address}))
        blob = b"".join(raws)
        if quorum.met:
            assert safe.takes(DIGEST, quorum.blob(), threshold), "we count what the Safe refuses"
            assert not safe.takes(DIGEST, quorum.blob()[:-1], threshold), "a truncated blob passes"
        else:
            assert not safe.takes(DIGEST, blob, threshold), "the Safe takes what we refuse"
        if safe.takes(DIGEST, blob[: max(0, len(blob) - cut)], threshold):
            assert quorum.met
        for raw in raws:
            alone = quorum_of([raw], 1, frozenset())
            names_bob = raw[64] == 1 and raw[12:32] == address_bytes(BOB.address)
            assert safe.takes(DIGEST, raw, 1) is (alone.met or names_bob)

    agree()


@pytest.mark.parametrize("version", ["1.3.0", "1.4.1", "1.5.0"])
def test_we_and_the_safe_count_alike(version: str) -> None:
    agree_with(version, 150)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.3.0", "1.4.1", "1.5.0"])
def test_we_and_the_safe_count_alike_in_a_long_sweep(version: str) -> None:
    agree_with(version, 5000)


def test_the_safe_refuses_what_we_sort_and_dedupe() -> None:
    """Unsorted and repeated owners are GS026 on chain: `blob` is the only way there."""
    safe = RealSafe("1.4.1", [person.address for person in OWNERS], 2)
    a, b = ALICE.sign(DIGEST), BOB.sign(DIGEST)
    assert safe.takes(DIGEST, a + b, 2)
    assert not safe.takes(DIGEST, b + a, 2)
    assert not safe.takes(DIGEST, a + a, 2)
    assert not safe.takes(DIGEST, a + malleated(a), 2)
    assert safe.takes(DIGEST, a + b + CAROL.sign(DIGEST), 2)
    quorum = count(
        DIGEST,
        [read_signature(DIGEST, each) for each in (b, a, malleated(a), b)],
        owners=[person.address for person in OWNERS],
        threshold=2,
        approved=frozenset(),
    )
    assert quorum.blob() == a + b
