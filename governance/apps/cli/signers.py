"""Who signs: options that `gov sign` and `gov approve` share."""

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


def tell(words: str) -> None:
    """Say on the screen what the holder of a device is to do now."""
    console(stderr=True).print(words, markup=False)
