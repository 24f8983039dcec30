"""What is carried to a machine without a network to be signed there, and the answer that comes back.

A bundle holds, for each Safe transaction, the EIP-712 document, its three hashes, the calls inside and the card that the
machine with the chain showed. Whoever reads it believes none of it: every hash is computed again from the raw fields,
the calls are encoded again and must be the transaction's data, the salt must follow from the proposal's digest, and any
difference is refused. What a machine without a chain cannot know (owners, policy, rehearsal) it does not say.

Not to be taken for `kinds.base.Bundle`, the calls of one step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import rfc8785
from pydantic import Field

from governance.core.call import Call
from governance.core.errors import Finding, Refused, Rejected
from governance.core.fields import AddressField, DecimalField, DocumentPart, HexField, WordField
from governance.core.findings import validated
from governance.core.keccak import keccak
from governance.core.operation import Operation, salt
from governance.core.plan import Plan, Step
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.signable import Signable
from governance.core.signature import vouched
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import Address, Bytes32, Duration, address, hex_bytes, to_hex, unsigned, word

SCHEMA = "governance/bundle/v1"
ANSWER = "governance/bundle-answer/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One transaction of a bundle, proven."""

    network: str
    attempt: int
    """See `operation.salt`; 0 where there is no operation."""
    step: Step
    card: tuple[str, ...]
    """The rows that the machine with the chain showed: words, which nothing here proves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningBundle:
    """Transactions of one proposal, on one network or several."""

    proposal: str
    digest: Bytes32
    """Of the proposal's document; the salts commit to it."""
    transactions: tuple[Carried, ...]

    @property
    def checksum(self) -> Bytes32:
        """keccak256 of the canonical JSON: the same on both machines, if the file came over whole."""
        return Bytes32(keccak(rfc8785.dumps(bundle_document(self))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was signed, and by whom. Its signatures prove themselves against the hashes they are looked up by."""

    proposal: str
    signer: Address
    signatures: dict[Bytes32, bytes]
    """By what was signed."""


def carried(plan: Plan, step: Step, card: Sequence[str]) -> Carried:
    """One transaction of a plan, with what was shown of it."""
    attempt = 0 if step.operation is None else plan.pins.attempt
    return Carried(network=plan.network, attempt=attempt, step=step, card=tuple(card))


# ---- written -----------------------------------------------------------------------------------------------------------


def bundle_document(bundle: SigningBundle) -> dict[str, Any]:
    """The bundle as JSON values; hex and decimals are text."""
    return {
        "schema": SCHEMA,
        "proposal": bundle.proposal,
        "digest": to_hex(bundle.digest),
        "transactions": [_transaction_document(each) for each in bundle.transactions],
    }


def _transaction_document(each: Carried) -> dict[str, Any]:
    step, tx = each.step, each.step.safe_tx
    document: dict[str, Any] = {
        "network": each.network,
        "label": step.label,
        "calls": [
            {"to": call.to, "value": str(call.value), "data": to_hex(call.data), "summary": call.summary}
            for call in step.calls
        ],
        "typed_data": tx.typed_data(),
        "domain_hash": to_hex(tx.domain_hash),
        "message_hash": to_hex(tx.message_hash),
        "safe_tx_hash": to_hex(tx.hash),
        "card": list(each.card),
    }
    if step.operation is not None:
        document["operation"] = {
            "id": to_hex(step.operation.id),
            "timelock": step.operation.timelock,
            "predecessor": to_hex(step.operation.predecessor),
            "attempt": str(each.attempt),
            "delay": str(step.operation.delay.seconds),
        }
    return document


def answer_document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON values."""
    return {
        "schema": ANSWER,
        "proposal": answer.proposal,
        "signer": answer.signer,
        "signatures": [
            {"safe_tx_hash": to_hex(signed), "signature": to_hex(signature)}
            for signed, signature in answer.signatures.items()
        ],
    }


# ---- read --------------------------------------------------------------------------------------------------------------


class CallPart(DocumentPart):
    """One call inside."""

    to: AddressField
    value: DecimalField
    data: HexField
    summary: str


class OperationPart(DocumentPart):
    """The timelock operation that the transaction schedules."""

    id: WordField
    timelock: AddressField
    predecessor: WordField
    attempt: DecimalField
    delay: DecimalField


class DomainPart(DocumentPart):
    """The EIP-712 domain of a Safe."""

    chainId: DecimalField  # noqa: N815 - EIP-712's own word
    verifyingContract: AddressField  # noqa: N815


class MessagePart(DocumentPart):
    """The fields of a `SafeTx`, as EIP-712 names them."""

    to: AddressField
    value: DecimalField
    data: HexField
    operation: Literal["0", "1"]
    safeTxGas: DecimalField  # noqa: N815
    baseGas: DecimalField  # noqa: N815
    gasPrice: DecimalField  # noqa: N815
    gasToken: AddressField  # noqa: N815
    refundReceiver: AddressField  # noqa: N815
    nonce: DecimalField


class TypedDataPart(DocumentPart):
    """The document of `eth_signTypedData_v4`."""

    types: dict[str, list[dict[str, str]]]
    primaryType: Literal["SafeTx"]  # noqa: N815
    domain: DomainPart
    message: MessagePart


class TransactionPart(DocumentPart):
    """One Safe transaction."""

    network: str
    label: str
    calls: Annotated[list[CallPart], Field(min_length=1)]
    operation: OperationPart | None = None
    typed_data: TypedDataPart
    domain_hash: WordField
    message_hash: WordField
    safe_tx_hash: WordField
    card: list[str]


class BundleDocument(DocumentPart):
    """The whole document, `governance/bundle/v1`."""

    document_schema: Annotated[Literal["governance/bundle/v1"], Field(alias="schema")]
    proposal: str
    digest: WordField
    transactions: Annotated[list[TransactionPart], Field(min_length=1)]


class SignedPart(DocumentPart):
    """One signature."""

    safe_tx_hash: WordField
    signature: HexField


class AnswerDocument(DocumentPart):
    """The whole document, `governance/bundle-answer/v1`."""

    document_schema: Annotated[Literal["governance/bundle-answer/v1"], Field(alias="schema")]
    proposal: str
    signer: AddressField
    signatures: Annotated[list[SignedPart], Field(min_length=1)]


def read_bundle(tree: Mapping, file: str) -> SigningBundle:
    """A bundle, every hash computed again. Raises Rejected when it is malformed, Refused with every difference."""
    document = validated(BundleDocument, tree, file=file)
    digest = word(document.digest)
    findings: list[Finding] = []
    found: list[Carried] = []
    for index, part in enumerate(document.transactions):
        step = _step(part, digest)
        findings += [_difference(tree, ("transactions", index, *loc), said) for loc, said in _untrue(part, step)]
        attempt = 0 if part.operation is None else unsigned(part.operation.attempt)
        found.append(Carried(network=part.network, attempt=attempt, step=step, card=tuple(part.card)))
    if findings:
        hint = "do not sign: the file was changed on its way, or another version of gov wrote it"
        raise Refused(f"{file} does not hold", hint=hint, findings=tuple(findings))
    return SigningBundle(proposal=document.proposal, digest=digest, transactions=tuple(found))


def _difference(tree: Mapping, loc: Loc, said: str) -> Finding:
    return Finding(rule="bundle-differs", message=said, place=locate(tree, loc), path=dotted(loc))


def _step(part: TransactionPart, digest: Bytes32) -> Step:
    domain, message = part.typed_data.domain, part.typed_data.message
    chain_id = unsigned(domain.chainId)
    calls = tuple(
        Call(to=address(each.to), value=unsigned(each.value), data=hex_bytes(each.data), summary=each.summary)
        for each in part.calls
    )
    tx = SafeTx(
        chain_id=chain_id,
        safe=address(domain.verifyingContract),
        to=address(message.to),
        value=unsigned(message.value),
        data=hex_bytes(message.data),
        operation=SafeOperation(int(message.operation)),
        safe_tx_gas=unsigned(message.safeTxGas),
        base_gas=unsigned(message.baseGas),
        gas_price=unsigned(message.gasPrice),
        gas_token=address(message.gasToken),
        refund_receiver=address(message.refundReceiver),
        nonce=unsigned(message.nonce),
    )
    operation = None if part.operation is None else _operation(part.operation, calls, chain_id, digest)
    return Step(label=part.label, calls=calls, operation=operation, safe_tx=tx)


def _operation(part: OperationPart, calls: tuple[Call, ...], chain_id: int, digest: Bytes32) -> Operation:
    timelock = address(part.timelock)
    return Operation(
        timelock=timelock,
        calls=calls,
        predecessor=word(part.predecessor),
        salt=salt(digest=digest, chain_id=chain_id, timelock=timelock, attempt=unsigned(part.attempt)),
        delay=Duration(unsigned(part.delay)),
    )


def _untrue(part: TransactionPart, step: Step) -> Iterator[tuple[Loc, str]]:
    """Everything that a transaction says and that does not follow from its own fields."""
    tx, operation = step.safe_tx, step.operation
    hashes = (("domain_hash", tx.domain_hash), ("message_hash", tx.message_hash), ("safe_tx_hash", tx.hash))
    for name, ours in hashes:
        if getattr(part, name) != to_hex(ours):
            yield (name,), f"computed from the fields it is {to_hex(ours)}"
    if part.typed_data.types != tx.typed_data()["types"]:
        yield ("typed_data", "types"), "these are not the types of a Safe transaction"
    if operation is not None and part.operation is not None and part.operation.id != to_hex(operation.id):
        yield ("operation", "id"), f"from the calls and the proposal's digest follows {to_hex(operation.id)}"
    if operation is None and len(step.calls) != 1:
        yield ("calls",), "without an operation the Safe makes one call"
        return
    call = step.calls[0] if operation is None else operation.schedule()
    plain = SafeTx(chain_id=tx.chain_id, safe=tx.safe, to=call.to, value=call.value, data=call.data, nonce=tx.nonce)
    if plain != tx:
        words = "the calls" if operation is None else "the calls and the operation"
        yield ("typed_data", "message"), f"this is not the transaction that {words} give: it would do something else"


def read_answer(tree: Mapping, file: str) -> Answer:
    """An answer. Raises Rejected when it is malformed; its signatures are judged where their hashes are known."""
    document = validated(AnswerDocument, tree, file=file)
    signatures = {word(each.safe_tx_hash): hex_bytes(each.signature) for each in document.signatures}
    if len(signatures) != len(document.signatures):
        raise Rejected(f"{file} signs one hash twice")
    return Answer(
        proposal=document.proposal,
        signer=address(document.signer),
        signatures=signatures,
    )


class AnsweredSigner:
    """A signer that has signed already, elsewhere: it gives what its answer holds, and nothing for anything else."""

    __slots__ = ("_answer", "_given")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._given: set[Bytes32] = set()

    @property
    def address(self) -> Address:
        """Who the answer says has signed; each signature must recover to it."""
        return self._answer.signer

    def sign(self, what: Signable) -> bytes:
        """See `governance.ports.Signer`."""
        signature = self._answer.signatures.get(what.hash)
        if signature is None:
            hint = "it was exported before the plan was locked anew, or is another proposal's: export and sign again"
            raise Refused(f"the answer does not sign {to_hex(what.hash)}", hint=hint)
        self._given.add(what.hash)
        return vouched(what.hash, signature, self._answer.signer)

    def require_used_up(self) -> None:
        """Refuse an answer that holds more than was asked for."""
        left = sorted(to_hex(each) for each in set(self._answer.signatures) - self._given)
        if left:
            findings = tuple(
                Finding(rule="answer-foreign", message=f"it signs {each}, which no step of the plan has")
                for each in left
            )
            raise Refused("the answer signs more than this plan", findings=findings)
