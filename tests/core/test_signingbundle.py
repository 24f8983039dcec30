"""Bundles: whatever was changed on the way is noticed from the bytes alone (threat_49, threat_56)."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account

from governance.adapters.files import parse
from governance.core.call import Call, encode_call, function
from governance.core.errors import GovError, Refused, Rejected
from governance.core.keccak import keccak
from governance.core.operation import Operation, salt
from governance.core.plan import Step
from governance.core.recognised import told
from governance.core.safetx import SafeTx
from governance.core.signingbundle import (
    Answer,
    AnsweredSigner,
    Carried,
    SigningBundle,
    answer_document,
    bundle_document,
    read_answer,
    read_bundle,
)
from governance.core.units import Address, Bytes32, Duration, checksummed, to_hex

KEY = keccak(b"an owner")
OWNER = Address(Account.from_key(KEY).address)
SAFE, TIMELOCK, TARGET = (checksummed(bytes((n,)) * 20) for n in (1, 2, 3))
DIGEST = Bytes32(keccak(b"the proposal"))
REMOVE = encode_call(function("removeRoutes(bytes4[])"), [[b"\1\2\3\4", b"\5\6\7\x08"]])
CALLS = (Call(to=TARGET, data=REMOVE, summary="removeRoutes: 2"), Call(to=TARGET, value=5, data=b"\1\2\3\4\5"))


def scheduled(calls: tuple[Call, ...] = CALLS, *, attempt: int = 2, nonce: int = 7) -> Carried:
    the_salt = salt(digest=DIGEST, chain_id=31337, timelock=TIMELOCK, attempt=attempt)
    operation = Operation(
        timelock=TIMELOCK, calls=calls, predecessor=Bytes32(bytes(32)), salt=the_salt, delay=Duration(172800)
    )
    call = operation.schedule()
    tx = SafeTx(chain_id=31337, safe=SAFE, to=call.to, value=call.value, data=call.data, nonce=nonce)
    step = Step(label="schedule", calls=calls, operation=operation, safe_tx=tx)
    return Carried(network="devnet", attempt=attempt, step=step, card=("CALL  a title", "  → words"))


def direct() -> Carried:
    tx = SafeTx(chain_id=1, safe=SAFE, to=TARGET, value=5, data=CALLS[1].data, nonce=0)
    return Carried(
        network="mainnet", attempt=0, step=Step(label="at once", calls=CALLS[1:], operation=None, safe_tx=tx), card=()
    )


BUNDLE = SigningBundle(proposal="0001-x", digest=DIGEST, transactions=(scheduled(), direct()))


def read(document: dict[str, Any]) -> SigningBundle:
    return read_bundle(parse(json.dumps(document), "bundle.json"), "bundle.json")


def test_what_is_written_is_read_back() -> None:
    found = read(bundle_document(BUNDLE))
    assert bundle_document(found) == bundle_document(BUNDLE)
    assert found.checksum == BUNDLE.checksum
    assert [each.step.safe_tx for each in found.transactions] == [e.step.safe_tx for e in BUNDLE.transactions]


Change = Callable[[dict[str, Any]], None]


def put(*path: str | int, to: object) -> Change:
    def change(document: dict[str, Any]) -> None:
        where: Any = document
        for part in path[:-1]:
            where = where[part]
        assert where[path[-1]] != to
        where[path[-1]] = to

    return change


FIRST = ("transactions", 0)
FIELDS = (*FIRST, "typed_data", "message")
WORD = to_hex(keccak(b"another word"))
FOUND = {
    "domain hash": put(*FIRST, "domain_hash", to=WORD),
    "message hash": put(*FIRST, "message_hash", to=WORD),
    "safe tx hash": put(*FIRST, "safe_tx_hash", to=WORD),
    "chain": put(*FIRST, "typed_data", "domain", "chainId", to="1"),
    "safe": put(*FIRST, "typed_data", "domain", "verifyingContract", to=TARGET),
    "target": put(*FIELDS, "to", to=TARGET),
    "value": put(*FIELDS, "value", to="1"),
    "data": put(*FIELDS, "data", to="0x01"),
    "delegatecall": put(*FIELDS, "operation", to="1"),
    "refund": put(*FIELDS, "gasPrice", to="1"),
    "nonce": put(*FIELDS, "nonce", to="8"),
    "types": put(*FIRST, "typed_data", "types", "SafeTx", 0, "type", to="bytes32"),
    "an inner call's target": put(*FIRST, "calls", 0, "to", to=SAFE),
    "an inner call's data": put(*FIRST, "calls", 0, "data", to="0x01020304"),
    "an inner call's value": put(*FIRST, "calls", 1, "value", to="6"),
    "delay": put(*FIRST, "operation", "delay", to="0"),
    "operation id": put(*FIRST, "operation", "id", to=WORD),
    "predecessor": put(*FIRST, "operation", "predecessor", to=WORD),
    "attempt": put(*FIRST, "operation", "attempt", to="3"),
    "timelock": put(*FIRST, "operation", "timelock", to=TARGET),
    "proposal digest": put("digest", to=WORD),
    "a direct call's target": put("transactions", 1, "calls", 0, "to", to=SAFE),
}


@pytest.mark.parametrize("change", FOUND.values(), ids=FOUND)
def test_every_change_of_a_field_is_refused_with_its_place(change: Change) -> None:
    """threat_49, threat_56."""
    document = copy.deepcopy(bundle_document(BUNDLE))
    change(document)
    with pytest.raises(Refused, match="does not hold") as caught:
        read(document)
    assert all(finding.place is not None and finding.path for finding in caught.value.findings)


def test_a_consistent_forgery_has_another_hash() -> None:
    """threat_49: what was made anew in every field is no fault of the file; the hash on the other screen differs."""
    forged = SigningBundle(proposal="0001-x", digest=DIGEST, transactions=(scheduled(CALLS[:1]),))
    (found,) = read(bundle_document(forged)).transactions
    assert found.step.safe_tx.hash != BUNDLE.transactions[0].step.safe_tx.hash


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (put("schema", to="governance/bundle/v2"), "schema"),
        (put("transactions", to=[]), "transactions"),
        (put(*FIRST, "calls", to=[]), "calls"),
        (put(*FIELDS, "nonce", to="-1"), "nonce"),
        (put(*FIELDS, "to", to=TARGET.lower() + "00"), "to"),
        (put(*FIELDS, "operation", to="2"), "operation"),
        (put(*FIRST, "typed_data", "primaryType", to="Mail"), "primaryType"),
        (lambda document: document.update(more="1"), "more"),
    ],
)
def test_a_malformed_bundle_is_told_with_its_place(change: Change, where: str) -> None:
    document = copy.deepcopy(bundle_document(BUNDLE))
    change(document)
    with pytest.raises(Rejected) as caught:
        read(document)
    assert [finding for finding in caught.value.findings if finding.path.endswith(where) and finding.place]


def test_without_an_operation_the_safe_makes_one_call() -> None:
    document = copy.deepcopy(bundle_document(BUNDLE))
    document["transactions"][1]["calls"] *= 2
    with pytest.raises(Refused) as caught:
        read(document)
    assert "one call" in caught.value.findings[0].message


def signature(carried: Carried, key: bytes = KEY) -> bytes:
    return bytes(Account.sign_typed_data(key, full_message=carried.step.safe_tx.typed_data()).signature)


def answer(*signed: Carried, key: bytes = KEY) -> Answer:
    signatures = {each.step.safe_tx.hash: signature(each, key) for each in signed}
    return Answer(proposal="0001-x", signer=OWNER, signatures=signatures)


def test_an_answer_is_read_back_and_gives_each_signature_for_its_hash() -> None:
    given = answer(*BUNDLE.transactions)
    assert read_answer(parse(json.dumps(answer_document(given)), "a"), "a") == given
    signer = AnsweredSigner(given)
    assert signer.address == OWNER
    for each in BUNDLE.transactions:
        assert signer.sign(each.step.safe_tx) == signature(each)
    signer.require_used_up()


def used(signer: AnsweredSigner) -> None:
    signer.sign(BUNDLE.transactions[0].step.safe_tx)
    signer.require_used_up()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (answer(BUNDLE.transactions[1]), Refused, "does not sign"),
        (answer(BUNDLE.transactions[0], key=keccak(b"another")), Refused, "'s, not 0x"),
        (answer(*BUNDLE.transactions), Refused, "more than this plan"),
    ],
    ids=["another plan's", "another key's", "more than was asked"],
)
def test_an_answer_to_something_else_is_refused(given: Answer, error: type[GovError], said: str) -> None:
    """threat_34, threat_49."""
    with pytest.raises(error, match=said):
        used(AnsweredSigner(given))


def test_an_answer_signs_no_hash_twice() -> None:
    document = answer_document(answer(BUNDLE.transactions[0]))
    document["signatures"] *= 2
    with pytest.raises(Rejected, match="twice"):
        read_answer(parse(json.dumps(document), "a"), "a")


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        (CALLS[0], ["removeRoutes(bytes4[])", "[0] [0x01020304, 0x05060708]"]),
        (CALLS[1], ["selector 0x01020304, 5 bytes: not known here"]),
        (Call(to=TARGET, data=REMOVE + b"\0"), ["selector 0xd4f1d8d7, 133 bytes: not known here"]),
        (Call(to=TARGET, data=REMOVE[:40]), ["selector 0xd4f1d8d7, 40 bytes: not known here"]),
        (Call(to=TARGET, value=3), ["no data: it only sends"]),
    ],
    ids=["known", "unknown", "with more bytes behind", "cut", "empty"],
)
def test_calls_are_told_from_their_bytes_or_not_at_all(call: Call, lines: list[str]) -> None:
    """threat_56."""
    wanted = [line.replace("0xd4f1d8d7", to_hex(REMOVE[:4])) for line in lines]
    assert told(call) == wanted
