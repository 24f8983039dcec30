"""Who signs, and what was compared: options that commands which sign share."""

from pathlib import Path
from typing import Annotated

import typer

from governance.apps.cli.common import console

KeyToSign = Annotated[
    Path | None, typer.Option("--key", help="Encrypted keystore of the account that signs.", metavar="FILE")
]
SignedBy = Annotated[
    str | None,
    typer.Option(
        "--signer",
        help="Instead of a keystore: ledger[:PATH], trezor[:PATH], browser[:ADDRESS], URL#ADDRESS, clef:PLACE#ADDRESS "
        "or web3signer:URL#ADDRESS; the environment's GOV_SIGNER likewise. See docs/signers.md.",
        metavar="SIGNER",
    ),
]
Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A hash that you compared on another screen, one for each that is signed. Without it, you are asked.",
        metavar="HASH",
    ),
]


def tell(words: str) -> None:
    """Say on the screen what the holder of a device is to do now."""
    console(stderr=True).print(words, markup=False)
