"""Every blob that a Safe can be given: we say what the Safe's own code says, and why.

Covers threat_34 (signature forms) and threat_35 (unsorted, duplicate, surplus).
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from governance.core.call import encode_call
from governance.core.diagnosis import Voters, mistake
from governance.core.keccak import keccak
from governance.core.safelayout import SENTINEL
from governance.core.safetx import VERSIONS
from governance.core.signature import SIGNATURE_BYTES, eth_sign_hash
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address_bytes, checksummed
from tests.core.safevm import CHECK, STRANGER, Person, RealSafe, ascending
from tests.core.test_signature import ORDER, malleated

PREIMAGE = b"what is under the hash"
DIGEST = Bytes32(keccak(PREIMAGE))
OTHER = Bytes32(keccak(b"what is not"))
PEOPLE = ascending([Person(seed) for seed in range(4)])
OUTSIDERS = [Person(seed) for seed in range(10, 12)]
GENEROUS, STUBBORN, EMPTY = (checksummed(bytes([n]) * 20) for n in (0x30, 0x60, 0x90))
"""Contracts that own a share: one takes every signature, one none, and one has no code."""
CONTRACTS = (GENEROUS, STUBBORN, EMPTY)
OWNERS: list[Address] = [person.address for person in PEOPLE] + list(CONTRACTS)
APPROVER = PEOPLE[1]
MAGIC = {"1.3.0": "20c13b0b", "1.4.1": "20c13b0b", "1.5.0": "1626ba7e"}
BLOBS = int(os.environ.get("GOV_BLOBS", "102000"))
"""How many the long sweep generates, over all versions."""


def a_safe(version: str) -> RealSafe:
    safe = RealSafe(version, OWNERS, 3)
    safe.place(GENEROUS, bytes.fromhex(f"63{MAGIC[version]}60e01b5f5260205ff3"))
    safe.place(STUBBORN, bytes.fromhex("5f5f5260205ff3"))
    safe.approve(APPROVER.address, DIGEST)
    return safe


def voters(threshold: int) -> Voters:
    return Voters(
        owners=OWNERS,
        threshold=threshold,
        approved={APPROVER.address},
        sender=STRANGER,
        accepts=lambda owner, _: owner == GENEROUS,
    )


def word(number: int) -> bytes:
    return (number % (1 << 256)).to_bytes(32, "big")


def named(owner: Address, at: int, v: int, *, dirt: bytes = bytes(12)) -> bytes:
    return dirt + address_bytes(owner) + word(at) + bytes([v])


class Blobs:
    """A generator: mostly blobs that nearly pass, since those find a disagreement."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def blob(self, threshold: int) -> bytes:
        count = max(0, threshold + self.random.choice([0, 0, 0, 0, 0, 1, -1]))
        voices: list[Person | Address] = [*PEOPLE, *CONTRACTS[:1]] * 4 + [*CONTRACTS, *OUTSIDERS]
        chosen = self.random.sample(voices, min(count, len(voices)))
        if self.random.random() < 0.85:
            chosen.sort(key=lambda each: address_bytes(each if isinstance(each, str) else each.address))
        static, dynamic = b"", b""
        for voice in chosen:
            part, more = self.signature(voice, threshold * SIGNATURE_BYTES, count * SIGNATURE_BYTES + len(dynamic))
            static += self.hurt(part)
            dynamic += more
        blob = static + dynamic
        if self.random.random() < 0.12:
            blob = blob[: self.random.randrange(len(blob) + 1)]
        if self.random.random() < 0.08:
            blob += self.random.randbytes(self.random.randrange(1, 70))
        return blob

    def signature(self, voice: Person | Address, inside: int, at: int) -> tuple[bytes, bytes]:
        pick = self.random.random()
        if isinstance(voice, str):
            data = self.random.randbytes(self.random.choice([0, 1, 32, 65, 100]))
            offset = (
                at if pick < 0.7 else self.random.choice([0, inside - 1, inside, at + 1, at - 32, 1 << 255, -1, -32])
            )
            length = len(data) if pick < 0.85 else self.random.choice([len(data) + 1, 1 << 255, (1 << 256) - 1, 0])
            return named(voice, offset, 0), word(length) + data
        digest = DIGEST if pick < 0.93 else OTHER
        form = self.random.random()
        if form < 0.45:
            return voice.sign(digest), b""
        if form < 0.75:
            return voice.sign(eth_sign_hash(digest), v=31), b""
        dirt = bytes(12) if form < 0.95 else self.random.randbytes(12)
        return named(APPROVER.address if pick < 0.5 else voice.address, 0, 1, dirt=dirt), b""

    def hurt(self, part: bytes) -> bytes:
        if self.random.random() < 0.85:
            return part
        wounds: list[Callable[[bytes], bytes]] = [
            lambda s: malleated(s) if s[64] in {27, 28, 31, 32} and any(s[32:64]) else s,
            lambda s: bytes(32) + s[32:],
            lambda s: s[:32] + bytes(32) + s[64:],
            lambda s: ORDER.to_bytes(32, "big") + s[32:],
            lambda s: s[:32] + ORDER.to_bytes(32, "big") + s[64:],
            lambda s: s[:32] + (ORDER - 1).to_bytes(32, "big") + s[64:],
            lambda s: bytes([s[0] ^ 1]) + s[1:],
            lambda s: s[:63] + bytes([s[63] ^ 1]) + s[64:],
            lambda s: s[:64] + bytes([self.random.randrange(256)]),
            lambda s: s[:64] + bytes([self.random.choice([0, 1, 2, 26, 27, 28, 29, 30, 31, 32, 33, 255])]),
            lambda _: self.random.randbytes(65),
            lambda _: bytes(65),
            lambda s: named(self.random.choice([ZERO_ADDRESS, SENTINEL]), 0, self.random.choice([0, 1])) + s[:0],
        ]
        return self.random.choice(wounds)(part)


def compare(version: str, blobs: int, seed: int) -> Counter[str]:
    """What each was refused for, and how many by a code that we tell too, after both sides have said the same of all."""
    safe, make, seen = a_safe(version), Blobs(seed), Counter[str]()
    for _ in range(blobs):
        threshold = make.random.choice([1, 2, 3, 3, 4])
        blob = make.blob(threshold)
        found = mistake(DIGEST, blob, voters(threshold))
        said = safe.answer(encode_call(CHECK, [DIGEST, PREIMAGE, blob, threshold]))
        assert (found is None) is (said is None), (version, threshold, blob.hex(), found, said)
        if found is not None and said:
            assert f"({said})" in found.message, (version, threshold, blob.hex(), found, said)
            seen["with a code"] += 1
        seen["taken" if found is None else found.rule] += 1
    return seen


ALL = {
    "taken",
    "with a code",
    "signatures-too-short",
    "contract-part-inside",
    "contract-part-outside",
    "contract-part-cut",
    "signature-contract",
    "signature-not-approved",
    "signature-malformed",
    "signature-non-owner",
    "signature-duplicate",
    "signature-order",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_we_say_of_every_blob_what_the_safe_says(version: str) -> None:
    """threat_34"""
    seen = compare(version, 1500, seed=1)
    assert seen.keys() == ALL
    assert seen["taken"] > 200
    assert seen["with a code"] > 1000


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_we_say_of_a_hundred_thousand_blobs_what_the_safe_says(version: str) -> None:
    """threat_34"""
    seen = compare(version, BLOBS // len(VERSIONS), seed=2)
    assert seen.total() - seen["with a code"] == BLOBS // len(VERSIONS)


def test_the_four_mistakes_that_the_safe_calls_one_are_told_apart() -> None:
    """threat_35"""
    a, b, c = (person.sign(DIGEST) for person in PEOPLE[:3])
    cases = {
        "signature-non-owner": OUTSIDERS[0].sign(DIGEST) + b,
        "signature-duplicate": a + malleated(a),
        "signature-order": c + b,
        "signature-malformed": a + bytes(64) + b"\x1b",
    }
    for rule, blob in cases.items():
        found = mistake(DIGEST, blob, voters(2))
        assert found is not None
        assert (found.rule, "(GS026)" in found.message) == (rule, True)


def test_who_sends_agrees_by_sending() -> None:
    alone = named(PEOPLE[0].address, 0, 1)
    refused = mistake(DIGEST, alone, voters(1))
    assert refused is not None
    assert refused.rule == "signature-not-approved"
    assert mistake(DIGEST, alone, replace(voters(1), sender=PEOPLE[0].address)) is None
