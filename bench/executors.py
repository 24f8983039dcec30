"""What the executor's contests share: the timelock as web3.py asks it, and a shelf that must hold nothing unreadable."""

from typing import TYPE_CHECKING, Any

from bench.rehearsals import Chain
from governance.adapters.shelf import FileShelf
from governance.adapters.workspace import FileWorkspace
from governance.core.errors import GovError

if TYPE_CHECKING:
    from web3 import Web3

_READY = {
    "type": "function",
    "name": "isOperationReady",
    "stateMutability": "view",
    "inputs": [{"name": "id", "type": "bytes32"}],
    "outputs": [{"name": "", "type": "bool"}],
}


def web3_of(chain: Chain) -> tuple["Web3", Any]:
    """A node, and a contract object of its timelock that can be asked whether an operation is ready."""
    from web3 import HTTPProvider, Web3

    node = Web3(HTTPProvider(chain.url))
    timelock = node.eth.contract(address=chain.network.timelock, abi=[_READY])  # type: ignore[call-overload]
    return node, timelock


def shelf_of(space: FileWorkspace) -> FileShelf:
    """The lock files of a workspace, each of which can be read."""
    return FileShelf(space, _unreadable)


def _unreadable(proposal: str, error: GovError) -> None:
    raise AssertionError(proposal) from error
