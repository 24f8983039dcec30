"""A locked proposal of a council on anvil, and a signature from elsewhere put beside it as `docs/documents.md` says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.core.ballot import Ballot
from tests import sites
from tests.life.test_life_scenarios import SWAP
from tests.sites import Devnet, Options, Place, people

ONE = "0001-swap-fee-facet"


@pytest.fixture(scope="package")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("interop")) as made:
        yield made


@pytest.fixture(params=("1.4.1", "1.5.0"))
def place(request: pytest.FixtureRequest, node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path, Options(safe_version=request.param)) as made:
        made.write(ONE, SWAP)
        made.lock(ONE)
        yield made


def by_hand(place: Place, name: str, signature: str, kind: str) -> Ballot:
    """The signer's file, written without a line of ours; gives what is read from it."""
    entry = json.loads(place.space.lock_file(ONE).read_text("utf-8"))["networks"]["devnet"]
    tx, signer = entry["plan"]["steps"][0]["safe_tx"], people()[name].address
    kept = ("chain_id", "safe", "nonce", "safe_tx_hash")
    made = {"network": "devnet", **{key: tx[key] for key in kept}, "signature": signature, "kind": kind}
    document = {
        "schema": "governance/signatures/v1",
        "proposal": ONE,
        "signer": signer,
        "signatures": [made],
    }
    folder = place.space.proposals_folder / f"{ONE}.signatures"
    folder.mkdir(exist_ok=True)
    (folder / f"{signer.lower()}.json").write_text(json.dumps(document), "utf-8")
    (ballot,) = (each for each in place.space.mailbox(ONE).all() if each.signer == signer)
    return ballot
