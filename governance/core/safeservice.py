"""Transactions as the Safe Transaction Service writes them: JSON of one, or a page `{count, results: […]}`.

The file says neither the chain nor the Safe's version. The chain is recovered: the one for which the recomputed hash is
the published one. What does not recompute is refused, never shown as if it did, and so is a signature that is not by
whom the service says. Safes before 1.3.0 hash without the chain id and are not served. Keys that no hash needs are
skipped, since the service adds to them as it likes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.errors import Finding, Refused, Rejected
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.signature import RECOVERABLE, SignatureKind, read_signature
from governance.core.strictjson import parse
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address, hex_bytes, shown, to_hex, unsigned, word

CHAIN_IDS = (
    1, 10, 50, 56, 100, 130, 137, 146, 196, 204, 232, 250, 324, 480, 1101, 1329, 5000, 8453, 31337, 42161, 42220, 43113,
    43114, 59144, 80094, 81457, 84532, 421614, 534352, 11155111, 11155420,
)  # fmt: skip
"""EIP-155 ids of networks with a Safe Transaction Service or named in PayRox's configuration, and local nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A signature and whose the service says it is."""

    claimed: Address
    signature: bytes | None
    """None for an approval on chain, of which the service keeps no bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTransaction:
    """One transaction of a file, without its chain."""

    path: str
    """Where it is in the file, such as `results[0]`; empty for a file of one."""
    fields: Mapping[str, Any]
    """Arguments of `SafeTx`, but for `chain_id`."""
    published: Bytes32 | None
    """`safeTxHash`."""
    confirmations: tuple[Confirmation, ...]

    def on(self, chain_id: int) -> SafeTx:
        """The transaction on one chain."""
        return SafeTx(chain_id=chain_id, **self.fields)


def read_service_json(text: str, *, shown_as: str) -> list[ServiceTransaction]:
    """Every transaction of a file. Raises Rejected with everything that is malformed."""
    document = parse(text, shown_as=shown_as)
    entries = [("", document)]
    if isinstance(document, dict) and "results" in document:
        results = document["results"]
        if not isinstance(results, list) or not results:
            raise Rejected(f"{shown_as} holds no transaction", hint="`results` is to be a list with at least one")
        entries = [(f"results[{index}]", entry) for index, entry in enumerate(results)]
    readers = [_Reader(entry, path) for path, entry in entries]
    transactions = [reader.transaction() for reader in readers]
    findings = tuple(finding for reader in readers for finding in reader.findings)
    if findings:
        raise Rejected(f"{shown_as} is not what a Safe Transaction Service writes", findings=findings)
    return transactions


class _Reader:
    """One entry, and everything found wrong with it so far. Numbers are text: JSON's own or quoted."""

    def __init__(self, entry: Any, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.entry = entry if isinstance(entry, dict) else {}
        if not isinstance(entry, dict):
            self.fault("here a mapping is wanted", path)

    def fault(self, message: str, path: str, hint: str = "") -> None:
        self.findings.append(Finding(rule="service-json", message=message, hint=hint, path=path))

    def transaction(self) -> ServiceTransaction:
        fields = {
            "safe": self.read("safe", address),
            "to": self.read("to", address),
            "value": self.read("value", unsigned),
            # The service writes null for no calldata, and in old records for the zero address.
            "data": self.read("data", hex_bytes, null=b""),
            "operation": self.read("operation", _operation),
            "safe_tx_gas": self.read("safeTxGas", unsigned),
            "base_gas": self.read("baseGas", unsigned),
            "gas_price": self.read("gasPrice", unsigned),
            "gas_token": self.read("gasToken", address, null=ZERO_ADDRESS),
            "refund_receiver": self.read("refundReceiver", address, null=ZERO_ADDRESS),
            "nonce": self.read("nonce", unsigned),
        }
        published = self.read("safeTxHash", word, null=None) if "safeTxHash" in self.entry else None
        return ServiceTransaction(
            path=self.path, fields=fields, published=published, confirmations=self.confirmations()
        )

    def read(self, key: str, unit: Callable[[str], Any], **default: Any) -> Any:
        """The value of a key by its unit; `null=` is what null stands for, where it stands for something."""
        path = f"{self.path}.{key}".removeprefix(".")
        written = self.entry.get(key)
        if written is None and key in self.entry and default:
            return default["null"]
        if not isinstance(written, str):
            self.fault(f"`{key}` is missing" if written is None else "here text or a number is wanted", path)
            return None
        try:
            return unit(written)
        except Rejected as error:
            self.fault(error.message, path, error.hint())
            return None

    def confirmations(self) -> tuple[Confirmation, ...]:
        listed = self.entry.get("confirmations") or []
        if not isinstance(listed, list):
            self.fault("here a list is wanted", f"{self.path}.confirmations".removeprefix("."))
            return ()
        readers = [_Reader(each, f"{self.path}.confirmations[{i}]".removeprefix(".")) for i, each in enumerate(listed)]
        read = tuple(
            Confirmation(
                claimed=reader.read("owner", address), signature=reader.read("signature", hex_bytes, null=None)
            )
            for reader in readers
        )
        self.findings += [finding for reader in readers for finding in reader.findings]
        return read


def _operation(written: str) -> SafeOperation:
    if written not in {"0", "1"}:
        raise Rejected(f"`{shown(written)}` is no operation", hint="0 is CALL, 1 is DELEGATECALL")
    return SafeOperation(int(written))


def hash_report(transactions: Sequence[ServiceTransaction], *, chain_id: int | None) -> list[dict[str, Any]]:
    """Hashes and signers of each transaction, as JSON values.

    Raises Refused with each published hash that does not recompute and each signature that is not by whom it claims;
    Rejected when the chain is neither given nor recoverable.
    """
    findings: list[Finding] = []
    reports = []
    for transaction in transactions:
        tx = _on_its_chain(transaction, chain_id)
        if tx is None:
            findings.append(_mismatch(transaction, chain_id))
            continue
        signers, faults = _signers(transaction, tx.hash)
        findings += faults
        reports.append(_report(tx, signers))
    if findings:
        raise Refused("the file does not hold", findings=tuple(findings))
    return reports


def _on_its_chain(transaction: ServiceTransaction, chain_id: int | None) -> SafeTx | None:
    """The transaction on the given chain or on the one that gives the published hash; None when none does."""
    published = transaction.published
    if published is None:
        if chain_id is None:
            where = f"{transaction.path} " if transaction.path else ""
            raise Rejected(f"{where}publishes no safeTxHash to recover the chain from", hint="give --chain-id")
        return transaction.on(chain_id)
    candidates = (transaction.on(each) for each in (CHAIN_IDS if chain_id is None else (chain_id,)))
    return next((tx for tx in candidates if tx.hash == published), None)


def _mismatch(transaction: ServiceTransaction, chain_id: int | None) -> Finding:
    assert transaction.published is not None
    published = to_hex(transaction.published)
    if chain_id is None:
        message = f"no known chain gives the published hash {published}"
        hint = (
            "a field was changed; or give --chain-id; a Safe older than 1.3.0 hashes without the chain: not supported"
        )
    else:
        recomputed = to_hex(transaction.on(chain_id).hash)
        message = f"published is {published}, recomputed on chain {chain_id} is {recomputed}"
        hint = "a field was changed, or it is another chain's, or the Safe is older than 1.3.0: not supported"
    return Finding(rule="hash-differs", message=message, hint=hint, path=transaction.path)


def _signers(transaction: ServiceTransaction, safe_tx_hash: Bytes32) -> tuple[list[dict[str, Any]], list[Finding]]:
    signers, findings = [], []
    for index, confirmation in enumerate(transaction.confirmations):
        try:
            signers.append(_signer(confirmation, safe_tx_hash))
        except Rejected as error:
            path = f"{transaction.path}.confirmations[{index}]".removeprefix(".")
            hint = "do not trust where the file came from"
            findings.append(Finding(rule="signature-claimed", message=error.message, hint=hint, path=path))
    return signers, findings


def _signer(confirmation: Confirmation, safe_tx_hash: Bytes32) -> dict[str, Any]:
    """Raises Rejected when the bytes are nobody's or another's."""
    owner, kind = confirmation.claimed, SignatureKind.APPROVED_HASH
    if confirmation.signature is not None:
        signature = read_signature(safe_tx_hash, confirmation.signature)
        owner, kind = signature.owner, signature.kind
    if owner != confirmation.claimed:
        raise Rejected(f"the signature said to be {confirmation.claimed}'s is {owner}'s")
    return {"owner": owner, "kind": str(kind), "claimed": confirmation.claimed, "recovered": kind in RECOVERABLE}


def _report(tx: SafeTx, signers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "chain_id": tx.chain_id,
        "safe": tx.safe,
        "nonce": tx.nonce,
        "domain_hash": to_hex(tx.domain_hash),
        "message_hash": to_hex(tx.message_hash),
        "safe_tx_hash": to_hex(tx.hash),
        "signers": signers,
    }
