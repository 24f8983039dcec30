"""Safes that own a Safe: what their people sign, and that the real Safes of every version take it.

Covers threat_34 (signature forms).
"""

from dataclasses import replace
from itertools import product

import pyrevm
import pytest
from eth_account.messages import encode_typed_data

from governance.core.ballot import MAX_CONTRACT_BYTES, Ballot
from governance.core.call import decode, encode_call, function
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.safemessage import (
    MAX_LEVELS,
    Asked,
    Level,
    SafeMessage,
    asked_by,
    asked_of,
    message_through,
)
from governance.core.safetx import VERSIONS, SafeTx
from governance.core.signable import preimage
from governance.core.signature import Signature, SignatureKind, combine
from governance.core.units import Bytes32, checksummed
from tests.core.safevm import Person, RealSafe

ALICE, BOB, CAROL, DAVE = (Person(seed) for seed in range(4))
SAFE, INNER, DEEPER = (checksummed(bytes([n]) * 20) for n in (0xA1, 0xB2, 0xC3))
TX = SafeTx(chain_id=1, safe=SAFE, to=INNER, nonce=7)
WAY = (Level(safe=INNER, asked=Asked.DATA), Level(safe=DEEPER, asked=Asked.HASH))
LEGACY_REFUSED = {("1.3.0", "1.5.0"), ("1.4.1", "1.5.0")}
"""(owned, owner): the handler of 1.5.0 no longer answers the question that older Safes ask."""


def signed_by(person: Person, message: SafeMessage | SafeTx) -> Signature:
    return Signature(owner=person.address, kind=SignatureKind.EIP712, data=person.sign(message.hash))


def contract(owner: RealSafe, data: bytes) -> Signature:
    return Signature(owner=owner.address, kind=SignatureKind.CONTRACT, data=data)


@pytest.mark.parametrize(("owned", "owner"), list(product(VERSIONS, VERSIONS)))
def test_a_safe_takes_the_signature_of_a_safe_that_owns_it(owned: str, owner: str) -> None:
    evm = pyrevm.EVM()
    inner = RealSafe(owner, [ALICE.address, BOB.address, CAROL.address], 2, evm=evm)
    outer = RealSafe(owned, [inner.address, DAVE.address], 2, evm=evm)
    tx = SafeTx(chain_id=1, safe=outer.address, to=DAVE.address, nonce=0)
    message = message_through(tx, 1, [Level(safe=inner.address, asked=asked_by(owned))])
    inside = combine([signed_by(ALICE, message), signed_by(CAROL, message)], 2)
    blob = combine([contract(inner, inside), signed_by(DAVE, tx)], 2)
    assert outer.takes(tx.hash, blob, 2, preimage(tx)) is ((owned, owner) not in LEGACY_REFUSED)
    too_few = combine([signed_by(ALICE, message)], 2)
    assert not outer.takes(tx.hash, combine([contract(inner, too_few), signed_by(DAVE, tx)], 2), 2, preimage(tx))
    over_the_transaction = combine([signed_by(ALICE, tx), signed_by(CAROL, tx)], 2)
    blob = combine([contract(inner, over_the_transaction), signed_by(DAVE, tx)], 2)
    assert not outer.takes(tx.hash, blob, 2, preimage(tx))


@pytest.mark.parametrize("version", VERSIONS)
def test_safes_own_one_another_to_any_depth(version: str) -> None:
    evm = pyrevm.EVM()
    deepest = RealSafe(version, [ALICE.address], 1, evm=evm)
    middle = RealSafe(version, [deepest.address, BOB.address], 2, evm=evm)
    outer = RealSafe(version, [middle.address], 1, evm=evm)
    tx = SafeTx(chain_id=1, safe=outer.address, to=DAVE.address, nonce=0)
    first, second = asked_by(version), asked_by(version, itself_asked=True)
    way = [Level(safe=middle.address, asked=first), Level(safe=deepest.address, asked=second)]
    to_middle, to_deepest = message_through(tx, 1, way[:1]), message_through(tx, 1, way)
    of_deepest = combine([signed_by(ALICE, to_deepest)], 1)
    of_middle = combine([contract(deepest, of_deepest), signed_by(BOB, to_middle)], 2)
    assert outer.takes(tx.hash, combine([contract(middle, of_middle)], 1), 1, preimage(tx))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_message_hash_is_the_handlers(version: str) -> None:
    safe = RealSafe(version, [ALICE.address], 1)
    of_handler = function("getMessageHash(bytes)(bytes32)")
    for asked in (keccak(b"a hash"), preimage(TX)):
        (theirs,) = decode(of_handler.outputs, safe.view(encode_call(of_handler, [asked])))
        assert theirs == SafeMessage(chain_id=1, safe=safe.address, message=asked).hash


@pytest.mark.parametrize("asked", [Asked.DATA, Asked.HASH])
def test_a_wallet_computes_the_same_hashes(asked: Asked) -> None:
    message = message_through(TX, TX.chain_id, [Level(safe=INNER, asked=asked)])
    signable = encode_typed_data(full_message=message.typed_data())
    assert (signable.header, signable.body) == (message.domain_hash, message.message_hash)


def test_what_is_asked_is_the_hash_or_what_is_under_it() -> None:
    assert asked_of(TX, Asked.HASH) == TX.hash == keccak(asked_of(TX, Asked.DATA))
    assert [asked_by(version) for version in VERSIONS] == [Asked.DATA, Asked.DATA, Asked.HASH]
    with pytest.raises(Rejected, match="asked nothing"):
        asked_of(TX, Asked.SAME)


@pytest.mark.parametrize("levels", [0, MAX_LEVELS + 1])
def test_a_way_that_nobody_can_oversee_is_rejected(levels: int) -> None:
    with pytest.raises(Rejected, match=f"{levels} Safes stand between"):
        message_through(TX, 1, [WAY[0]] * levels)


@pytest.mark.parametrize("text", ["", INNER, f"data {INNER}", f"all:{INNER}", "data:0x12"])
def test_a_level_that_is_not_written_as_one_is_rejected(text: str) -> None:
    assert Level.parse(str(WAY[1])) == WAY[1]
    with pytest.raises(Rejected):
        Level.parse(text)


# ---- ballots ---------------------------------------------------------------------------------------------------------


def ballot(person: Person = ALICE, way: tuple[Level, ...] = WAY) -> Ballot:
    asked = message_through(TX, TX.chain_id, way) if way else TX
    return Ballot(
        proposal="0007-x",
        network="devnet",
        chain_id=TX.chain_id,
        safe=TX.safe,
        nonce=TX.nonce,
        safe_tx_hash=TX.hash,
        signer=person.address,
        signature=person.sign(asked.hash),
        through=way,
        message_hash=TX.message_hash if way else None,
    )


def test_a_ballot_through_owner_safes_proves_itself() -> None:
    made = ballot()
    assert made.signed_hash == message_through(TX, 1, WAY).hash != TX.hash
    assert (made.kind, made.as_signature()) == (SignatureKind.EIP712, signed_by(ALICE, message_through(TX, 1, WAY)))
    assert ballot(way=()).signed_hash == TX.hash


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"through": WAY[:1]}, "is 0x.*'s, not 0x"),
        ({"through": (WAY[0], replace(WAY[1], asked=Asked.DATA))}, "is 0x.*'s, not 0x"),
        ({"through": (WAY[1], WAY[0])}, "is 0x.*'s, not 0x"),
        ({"through": ()}, "a message hash stands where"),
        ({"message_hash": None}, "a message hash stands where"),
        ({"message_hash": Bytes32(keccak(b"another"))}, "does not give"),
        ({"safe_tx_hash": Bytes32(keccak(b"another"))}, "does not give"),
        ({"chain_id": 2}, "does not give"),
        ({"safe": DEEPER}, "does not give"),
        ({"signer": BOB.address}, "is 0x.*'s, not 0x"),
    ],
)
def test_a_ballot_with_another_way_is_rejected(change: dict[str, object], why: str) -> None:
    with pytest.raises(Rejected, match=why):
        replace(ballot(), **change)  # type: ignore[arg-type]


def test_a_contracts_ballot_is_a_claim_of_any_bytes() -> None:
    claim = replace(ballot(way=()), by_contract=True, signer=INNER, signature=b"\x01")
    assert (claim.kind, claim.as_signature().owner) == (SignatureKind.CONTRACT, INNER)
    for length in (0, MAX_CONTRACT_BYTES + 1):
        with pytest.raises(Rejected, match="bytes, not"):
            replace(claim, signature=bytes(length))
