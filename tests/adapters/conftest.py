"""One anvil for the session; every test finds it as the first one did."""

from collections.abc import Iterator

import pytest

from tests import chainkit


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
