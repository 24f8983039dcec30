"""`gov hash`: domain, message and Safe transaction hash of any Safe transaction, offline. It must start fast."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from governance.apps import disk
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, emit, printable
from governance.core.errors import Finding, Rejected


def hash_command(
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON as the Safe Transaction Service writes it: one transaction, or a page of results."),
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option("--chain-id", help="The chain of the Safe. In a FILE it is recovered when left out.")
    ] = None,
    safe: Annotated[str | None, typer.Option(help="The Safe's address.", metavar="ADDRESS")] = None,
    to: Annotated[str | None, typer.Option(help="The target.", metavar="ADDRESS")] = None,
    value: Annotated[str, typer.Option(help="Wei.")] = "0",
    data: Annotated[str, typer.Option(help="Calldata.", metavar="HEX")] = "0x",
    operation: Annotated[int, typer.Option(help="0 for CALL, 1 for DELEGATECALL.", min=0, max=1)] = 0,
    safe_tx_gas: Annotated[str, typer.Option(help="safeTxGas.")] = "0",
    base_gas: Annotated[str, typer.Option(help="baseGas.")] = "0",
    gas_price: Annotated[str, typer.Option(help="gasPrice.")] = "0",
    gas_token: Annotated[str | None, typer.Option(help="gasToken.", metavar="ADDRESS")] = None,
    refund_receiver: Annotated[str | None, typer.Option(help="refundReceiver.", metavar="ADDRESS")] = None,
    nonce: Annotated[str | None, typer.Option(help="The Safe's nonce.")] = None,
    workspace: WorkspaceDir = HERE,  # noqa: ARG001 - every command takes it
    json: AsJson = False,
) -> None:
    """Compute the three hashes of a Safe transaction and recover who signed it."""
    options = {
        "safe": safe, "to": to, "value": value, "data": data, "operation": operation, "safe_tx_gas": safe_tx_gas,
        "base_gas": base_gas, "gas_price": gas_price, "gas_token": gas_token, "refund_receiver": refund_receiver,
        "nonce": nonce,
    }  # fmt: skip
    reports = _from_file(file, chain_id, options) if file is not None else [_from_options(chain_id, options)]
    if json:
        one = {"schema": "governance/hash/v1", **reports[0]}
        emit(one if len(reports) == 1 else {"schema": "governance/hashes/v1", "transactions": reports})
        return
    for report in reports:
        _print(report)


def _from_file(file: Path, chain_id: int | None, options: dict[str, Any]) -> list[dict[str, Any]]:
    from governance.core.safeservice import hash_report, read_service_json

    if options["safe"] or options["to"] or options["nonce"]:
        raise Rejected("a FILE and the transaction's options exclude one another", hint="give one or the other")
    text = disk.document_text(file)
    return hash_report(read_service_json(text, shown_as=str(file)), chain_id=chain_id)


def _from_options(chain_id: int | None, options: dict[str, Any]) -> dict[str, Any]:
    from governance.core.safetx import SafeOperation, SafeTx
    from governance.core.units import ZERO_ADDRESS, to_hex

    missing = [f"--{name}" for name in ("safe", "to", "nonce") if options[name] is None]
    missing += ["--chain-id"] if chain_id is None else []
    if missing or chain_id is None:
        raise Rejected(f"missing {', '.join(missing)}", hint="give a FILE, or every field of the transaction")
    fields = _fields({"gas_token": ZERO_ADDRESS, "refund_receiver": ZERO_ADDRESS, **_given(options)})
    tx = SafeTx(chain_id=chain_id, **{**fields, "operation": SafeOperation(options["operation"])})
    return {
        "domain_hash": to_hex(tx.domain_hash),
        "message_hash": to_hex(tx.message_hash),
        "safe_tx_hash": to_hex(tx.hash),
        "signers": [],
    }


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    """Every option as the value it means. Raises Rejected with every one that means none."""
    from governance.core.units import address, hex_bytes, unsigned

    read: dict[str, Callable[[str], Any]] = dict.fromkeys(("safe", "to", "gas_token", "refund_receiver"), address)
    read |= {"data": hex_bytes} | dict.fromkeys(("value", "safe_tx_gas", "base_gas", "gas_price", "nonce"), unsigned)
    values: dict[str, Any] = {}
    findings = []
    for name, meaning in read.items():
        try:
            values[name] = meaning(options[name])
        except Rejected as error:
            where = f"--{name.replace('_', '-')}"
            findings.append(Finding(rule="hash-option", message=error.message, hint=error.hint(), path=where))
    if findings:
        raise Rejected("these are no values of a Safe transaction", findings=tuple(findings))
    return values


def _print(report: dict[str, Any]) -> None:
    for name in ("domain_hash", "message_hash", "safe_tx_hash"):
        typer.echo(f"{name.replace('_', ' '):<14} {report[name]}")
    for signer in report["signers"]:
        verb = "signed by" if signer["recovered"] else "claimed for"
        typer.echo(printable(f"{verb:<14} {signer['owner']}  ({signer['kind']})"))
