"""One anvil and one PostgreSQL for the session; every test finds the anvil as the first one did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import chainkit
from tests.adapters import databases


@pytest.fixture(scope="session")
def anvil_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chainkit.Node]:
    """The running node. What is deployed on it from session and module fixtures stays."""
    with chainkit.running(tmp_path_factory.mktemp("anvil")) as node:
        yield node


@pytest.fixture
def node(anvil_node: chainkit.Node) -> Iterator[chainkit.Node]:
    """The running node, put back when the test is done."""
    with anvil_node.undone():
        yield anvil_node


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Postgres]:
    """The running server. It is started only for tests that ask."""
    with databases.postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        return databases.sqlite(tmp_path)
    server: databases.Postgres = request.getfixturevalue("postgres")
    return server.fresh()
