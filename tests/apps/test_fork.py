"""A rehearsal on an endpoint that cannot play blocks: a forked anvil takes its place, and says the same."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from governance.adapters import anvil
from governance.adapters.fork import forked
from tests.adapters.badnode import BadNode, Questions, Reply, answers, failure, serving
from tests.apps.conftest import ONE, ROOT, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
LACKING = {"eth_simulateV1", "debug_traceCall"}
SECRET = "5ecret-in-a-path"


@pytest.fixture
def poor(at: At) -> Iterator[tuple[Gov, BadNode]]:
    """A workspace whose node is reached through an endpoint like many public ones."""
    gov = at("locked")
    upstream = gov.json("devnet", "status")["url"]

    def script(questions: Questions) -> Reply:
        asked = questions if isinstance(questions, list) else [questions]
        if any(question["method"] in LACKING for question in asked):
            lacking = [failure(question, -32601, "the method does not exist") for question in asked]
            return answers(lacking if isinstance(questions, list) else lacking[0])
        request = Request(upstream, data=json.dumps(questions).encode(), headers={"content-type": "application/json"})
        with urlopen(request, timeout=20) as response:
            return Reply(body=response.read())

    with serving(script, path=f"/{SECRET}") as node:
        yield gov, node


def test_it_says_the_same_as_on_a_node_that_can(
    poor: tuple[Gov, BadNode], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gov, node = poor
    rich = gov.json("simulate", ONE)["networks"][0]
    monkeypatch.setenv("GOV_RPC_DEVNET", node.url)
    run = gov("simulate", ONE, "--json")
    assert run.code == 0, run
    found = run.document["networks"][0]
    assert (found["effects"], found["findings"], found["ok"]) == (rich["effects"], [], True)
    assert run.document["report_differs"] == []
    assert SECRET not in run.out + run.err


def test_without_an_anvil_it_says_what_the_node_lacks(
    poor: tuple[Gov, BadNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    gov, node = poor
    monkeypatch.setenv("GOV_RPC_DEVNET", node.url)
    monkeypatch.setenv("GOV_ANVIL", "/nowhere/anvil")
    run = gov("simulate", ONE)
    assert (run.code, "asked for eth_simulateV1" in run.err) == (3, True), run


def test_the_endpoint_is_in_no_argument_list_and_the_fork_ends(at: At) -> None:
    """threat_57"""
    gov = at("locked")
    url = gov.json("devnet", "status")["url"]
    program = anvil.require_anvil(ROOT)
    with forked(f"{url}/?key={SECRET}", program, chain_id=31337) as fork:
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert any(b"--fork-url" in line for line in lines)
        assert not any(SECRET.encode() in line for line in lines)
        assert anvil.ask(fork, "eth_chainId") == hex(31337)
        same = {anvil.ask(each, "eth_getBlockByNumber", "latest", False)["hash"] for each in (fork, url)}
        assert len(same) == 1
    with pytest.raises(Exception, match="does not answer"):
        anvil.ask(fork, "eth_chainId")
