"""A system with a guardian Safe on a real node, and bundles over it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from governance.adapters.keys import create_keystore
from governance.core.units import Address
from governance.emergency.bundle import Bundle, Endpoint, Entry, Place, save
from tests import chainkit
from tests.chainkit import CHAIN_ID, Account, Node

PASSWORD = "correct horse"
PAYER, STRANGER = 6, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What stands on a chain, and who holds it."""

    node: Node
    safe: Address
    target: Address
    guardians: tuple[Account, ...]
    chain_id: int = CHAIN_ID

    @property
    def paused(self) -> bool:
        return bool(self.node.read(self.target, "paused()(bool)"))

    @property
    def nonce(self) -> int:
        return int(self.node.read(self.safe, "nonce()(uint256)"))

    def place(self, *, name: str = "devnet", nonces: int = 3, signers: int = 2, **changes: object) -> Place:
        """The next nonces, each signed by as many guardians as asked."""
        fields = {
            "name": name,
            "chain_id": self.chain_id,
            "endpoints": (Endpoint(url=self.node.url),),
            "safe": self.safe,
            "target": self.target,
            "expires": 1 << 40,
            "entries": (),
            **changes,
        }
        bare = Place(**fields)  # type: ignore[arg-type]
        first = self.nonce
        entries = tuple(signed(bare, nonce, self.guardians[:signers]) for nonce in range(first, first + nonces))
        return Place(**{**fields, "entries": entries})  # type: ignore[arg-type]


def signed(place: Place, nonce: int, signers: tuple[Account, ...]) -> Entry:
    digest = place.tx(nonce).hash
    return Entry(nonce=nonce, signatures={each.address: each.sign(digest) for each in signers})  # type: ignore[arg-type]


def stand_on(node: Node, *, chain_id: int = CHAIN_ID) -> Stand:
    guardians = node.accounts[2:5]
    safe = chainkit.deploy_safe(node, [each.address for each in guardians], 2)
    target = node.deploy("ManifestDispatcher", node.address(0), safe, 0)
    return Stand(node=node, safe=safe, target=target, guardians=guardians, chain_id=chain_id)


def write_bundle(folder: Path, *places: Place) -> Path:
    path = folder / "pause.bundle"
    save(path, Bundle(places=places), PASSWORD)
    return path


@pytest.fixture(scope="session")
def first_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with chainkit.running(tmp_path_factory.mktemp("anvil")) as node:
        yield node


@pytest.fixture(scope="session")
def first_stand(first_node: Node) -> Stand:
    return stand_on(first_node)


@pytest.fixture
def stand(first_stand: Stand) -> Iterator[Stand]:
    """The system, put back when the test is done."""
    with first_stand.node.undone():
        yield first_stand


@pytest.fixture(scope="session")
def second_stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """Another system on a chain of its own."""
    with chainkit.running(tmp_path_factory.mktemp("second")) as node:
        made = stand_on(node, chain_id=31338)
        node.ask("anvil_setChainId", 31338)
        yield made


@pytest.fixture
def key(first_node: Node, tmp_path: Path) -> Path:
    """The payer's keystore, which opens in no time."""
    path = tmp_path / "payer.json"
    create_keystore(path, PASSWORD, first_node.accounts[PAYER].key, iterations=2)
    return path
