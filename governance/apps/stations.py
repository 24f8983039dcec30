"""What an executor is made of, put together from a workspace, the environment and the operator's options."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from governance.apps import wiring
from governance.apps.executor import LEASE_TICKS, Executor, Hooks, Station
from governance.core.errors import GovError
from governance.life.fulfil import Means
from governance.life.notes import note_sighting
from governance.life.tick import Watch

if TYPE_CHECKING:
    from governance.adapters.durable import Durable
    from governance.adapters.heart import NodeHeart
    from governance.adapters.hearts import AgreedHeart
    from governance.adapters.keys import KeystoreSigner
    from governance.adapters.workspace import FileWorkspace
    from governance.core.network import Network
    from governance.life.watch import Sighting
    from governance.ports import Journal, Payer


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the operator of the job decides."""

    networks: tuple[str, ...]
    key: "KeystoreSigner"
    max_fee_gwei: int
    every: int
    """Seconds between two ticks."""
    patience: float
    """Seconds that one task waits for a receipt before the next tick goes on with it."""
    confirmations: int | None
    """Blocks after which an execution counts as final; None for what the node calls finalized."""
    queue: bool
    """Whether signed Safe transactions are sent too."""
    rehearse: bool
    broadcast: bool


def executor(space: "FileWorkspace", orders: Orders, hooks: Hooks) -> Executor:
    """An executor that is not yet started. Raises Rejected on a network that the policy does not name."""
    journal = wiring.journal(space)
    stations = {name: _station(space, orders, name, journal, hooks.failed) for name in orders.networks}
    return Executor(stations, partial(_durable, space, orders), hooks)


def _station(
    space: "FileWorkspace", orders: Orders, name: str, journal: "Journal", failed: Callable[[str, GovError], None]
) -> Station:
    from governance.adapters.shelf import FileShelf

    place = space.policy().networks[name]
    site = wiring.site(space, name)
    heart = _heart(space, orders, place)
    # Tasks ask on a connection of their own: ticks go on meanwhile.
    executions = _heart(space, orders, place)

    def unread(proposal: str, error: GovError) -> None:
        failed(name, type(error)(f"{proposal}: {error.message}", hint=error.hint(), findings=error.findings))

    def noted(sighting: "Sighting") -> None:
        note_sighting(journal, sighting)

    return Station(
        network=name,
        queue=f"payer {name} {orders.key.address}",
        watch=Watch(network=place, heart=heart, shelf=FileShelf(space, unread), sends_safe_transactions=orders.queue),
        means=Means(
            site=site,
            workspace=space,
            sender=_sender(space, orders, name),
            journal=journal,
            executions=executions,
            rehearse=wiring.rehearse(space, site) if orders.rehearse else None,
            guards=(*wiring.guards(space, site), noted),
            recalling=wiring.recalling,
        ),
    )


def _heart(space: "FileWorkspace", orders: Orders, place: "Network") -> "NodeHeart | AgreedHeart":
    from governance.adapters.chain import NodeChain
    from governance.adapters.heart import NodeHeart
    from governance.adapters.hearts import AgreedHeart

    chain, payer = wiring.node(space, place), orders.key.address
    if isinstance(chain, NodeChain):
        return NodeHeart(chain, place, payer, confirmations=orders.confirmations)
    return AgreedHeart(chain, place, payer, confirmations=orders.confirmations)


def _sender(space: "FileWorkspace", orders: Orders, name: str) -> "Payer":
    from governance.adapters.sender import DrySender

    chain = wiring.node(space, space.policy().networks[name])
    if not orders.broadcast:
        return DrySender(chain, orders.key.address)
    return wiring.payer(space, chain, name, orders.key, orders.max_fee_gwei, patience=orders.patience)


def _durable(space: "FileWorkspace", orders: Orders, **given: Callable[..., object]) -> "Durable":
    from governance.adapters.durable import Durable, Engine

    engine = Engine(url=_database(space), executor=_identity(), lease=float(LEASE_TICKS * orders.every))
    return Durable(engine, **given)  # type: ignore[arg-type]


def _database(space: "FileWorkspace") -> str:
    """Beside the journal: in the same PostgreSQL database, or in a file of its own. Raises Rejected as the journal does."""
    from governance.adapters.journal import database

    given = os.environ.get("GOV_DATABASE")
    if given is None:
        return wiring.database_file(space, "executor.sqlite3")
    url = database(given)
    if url.get_backend_name() == "sqlite":
        return f"{given}.executor"
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _identity() -> str:
    """Of this host, the same after a restart: `GOV_EXECUTOR`, else the host's name."""
    return os.environ.get("GOV_EXECUTOR") or socket.gethostname()
