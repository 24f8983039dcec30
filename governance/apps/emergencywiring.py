"""What the emergency's commands construct: nodes to play on, a bundle's endpoints, keystores whose password is known."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from governance.apps import wiring

if TYPE_CHECKING:
    from governance.adapters.keys import KeystoreSigner
    from governance.adapters.workspace import FileWorkspace
    from governance.core.network import Network
    from governance.core.units import Address, Bytes32
    from governance.emergency.bundle import Endpoint
    from governance.life.ground import Build
    from governance.life.site import Site
    from governance.ports import Simulator

T = TypeVar("T")


def played(space: "FileWorkspace", at: "Site", act: "Callable[[Site, Simulator, Build], T]") -> "T":
    """What comes of an act that plays an emergency on a site's node."""
    from functools import partial

    build = partial(wiring.site_over, place=at.network)
    return wiring.on_a_node(space, at, lambda _, node: act(build(node.chain), node, build))


def fetch(space: "FileWorkspace", network: "Network") -> "Callable[[Bytes32], tuple[Address, bytes] | None]":
    """Transactions by their hashes, as the preferred node has them; what they carry proves itself."""
    from governance.adapters.chain import NodeChain

    return NodeChain(wiring.endpoint(space, network.name), network.chain_id, network.name).transaction


def endpoints_in(space: "FileWorkspace", network: str) -> "tuple[Endpoint, ...]":
    """Where a bundle asks: the environment's endpoints by their name, and those that are known now."""
    from governance.emergency.bundle import Endpoint

    known = (Endpoint(url=url) for url in wiring.endpoints(space, network).urls)
    return (Endpoint(variable=wiring.variable_of("RPC", network)), *known)


def keystore(key: Path, password: str) -> "KeystoreSigner":
    """A keystore whose password is known."""
    from governance.adapters.keys import KeystoreSigner

    return KeystoreSigner.open(key, password)


def password(descriptor: int | None, of: Path) -> str:
    """A file's password, from a descriptor or a prompt."""
    from governance.adapters.keys import prompt_password, read_password

    return prompt_password(of) if descriptor is None else read_password(descriptor)
