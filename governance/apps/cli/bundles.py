"""`gov sign` with a machine in between that has no network: `--export`, `--bundle`, `--import`."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import disk, wiring
from governance.apps.cli.common import confirm_hash, console, emit
from governance.core.errors import Rejected

if TYPE_CHECKING:
    from governance.core.signingbundle import Answer, SigningBundle
    from governance.core.tree import Mapping as Tree
    from governance.ports import Signer

QR = "qr"
Export = Annotated[
    str | None,
    typer.Option(
        "--export",
        help="Sign nothing: write a bundle for a machine without a network, or with --bundle its answer; "
        "`qr` for QR codes in the terminal.",
        metavar="FILE",
    ),
]
Import = Annotated[
    Path | None,
    typer.Option("--import", help="The answer of a machine without a network, or its QR codes' texts.", metavar="FILE"),
]
BundleFile = Annotated[
    Path | None,
    typer.Option("--bundle", help="Without a chain: sign what another machine exported.", metavar="FILE"),
]


def sign_bundle(
    file: Path, signer: "Signer", confirm: Sequence[str] | None, export: str | None, *, as_json: bool
) -> None:
    """Prove a bundle from its own bytes, show it, and sign it. Nothing is asked of any chain."""
    from governance.apps import showbundle
    from governance.core.signingbundle import Answer, answer_document, read_bundle

    bundle: SigningBundle = read_bundle(_tree(file), str(file))
    screen = console(stderr=True)
    signatures = {}
    who = signer.address
    screen.print(showbundle.bundle_words(bundle), markup=False)
    for each in bundle.transactions:
        tx = each.step.safe_tx
        shown = "\n".join(showbundle.rows(bundle, each, screen.width))
        screen.print(shown, markup=False)
        wiring.show_card(signer, shown)
        confirm_hash("Safe transaction hash", tx.hash, confirm)
        signatures[tx.hash] = signer.sign(tx)
    answer = Answer(proposal=bundle.proposal, signer=who, signatures=signatures)
    _hand_over(answer_document(answer), export, as_json=as_json)
    if not as_json and export is not None:
        screen.print(
            f"signed by {who}: bring the answer back, gov sign {bundle.proposal[:4]} --import FILE", markup=False
        )


def write_bundle(bundle: "SigningBundle", export: str, *, as_json: bool) -> None:
    """Hand a bundle over, as a file or as QR codes."""
    from governance.apps.showbundle import bundle_words
    from governance.core.signingbundle import bundle_document

    _hand_over(bundle_document(bundle), export, as_json=as_json)
    console(stderr=True).print(bundle_words(bundle), markup=False)


def read_answer(file: Path, proposal_id: str) -> "Answer":
    """The answer to a bundle of this proposal. Raises Rejected for another's."""
    from governance.core import signingbundle

    answer = signingbundle.read_answer(_tree(file), str(file))
    if answer.proposal != proposal_id:
        raise Rejected(f"{file} answers a bundle of {answer.proposal}, not of {proposal_id}")
    return answer


def _tree(file: Path) -> "Tree":
    from governance.core.frames import is_framed, unframed

    text = disk.document_text(file)
    if is_framed(text):
        text = unframed([line for line in text.splitlines() if line.strip()])
    return disk.parsed(text, str(file))


def _hand_over(document: Mapping[str, Any], export: str | None, *, as_json: bool) -> None:
    if as_json and export == QR:
        raise Rejected("QR codes are for people, --json is for tools", hint="name a file, or leave --json out")
    if as_json or export is None:
        emit(document)
    if export == QR:
        _print_codes(json.dumps(document, sort_keys=True, ensure_ascii=True))
    elif export is not None:
        text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
        if not disk.write_new(Path(export), text):
            raise Rejected(f"{export} exists", hint="name a new file: what was signed is never overwritten")


def _print_codes(text: str) -> None:
    """One code after another, each over its own text: a code that cannot be read can be typed or carried otherwise."""
    import segno

    from governance.core.frames import framed

    for line in framed(text):
        segno.make_qr(line, error="m", boost_error=False).terminal(out=sys.stdout, compact=True)
        sys.stdout.write(line + "\n\n")
