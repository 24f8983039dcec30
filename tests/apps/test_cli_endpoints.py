"""Several endpoints of one network, named in the environment or in the policy: a life goes on while one of them lies."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.endpoints import AgreedChain
from governance.adapters.workspace import FileWorkspace
from governance.apps import wiring
from governance.core.errors import Rejected
from governance.core.slots import word_at
from governance.core.units import to_hex
from tests.adapters.badnode import Reply, answers, result, serving
from tests.adapters.rpcproxy import BROADCAST, Proxy, proxied
from tests.adapters.test_endpoints import forged
from tests.apps.conftest import ONE, Gov
from tests.life.test_proven import answering

At = Callable[[str], Gov]

pytestmark = pytest.mark.node
SECRET = "hush-7f3a"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.adapters.rpc.PAUSE", 0.001)


@contextmanager
def three(gov: Gov, patched: pytest.MonkeyPatch) -> Iterator[tuple[Proxy, ...]]:
    with ExitStack() as stack:
        proxies = tuple(stack.enter_context(proxied(gov.url)) for _ in range(3))
        patched.setenv("GOV_RPC_DEVNET", "  ".join(f"{proxy.url}/{SECRET}{i}" for i, proxy in enumerate(proxies)))
        yield proxies


def test_a_proposal_is_queued_while_one_of_three_endpoints_lies(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_15"""
    gov = at("signed")
    with three(gov, monkeypatch) as proxies:
        lies = proxies[0].faults.rewrite
        lies["eth_getBlockByNumber"] = forged(1)
        lies["eth_getTransactionReceipt"] = lambda _: None
        lies["eth_getLogs"] = lambda _: []
        assert gov.act("queue").code == 0
        assert "waiting" in gov.done("status", ONE).out
        assert all(len(proxy.broadcasts()) <= 1 for proxy in proxies)


def test_when_two_of_three_lie_a_person_must_look(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_15"""
    gov = at("signed")
    with three(gov, monkeypatch) as proxies:
        for i in (0, 1):
            proxies[i].faults.rewrite["eth_getBlockByNumber"] = forged(i + 1)
        run = gov.act("queue")
        assert run.code == 4
        assert "the endpoints of devnet contradict one another about the newest block: 2 of 3 must agree" in run.err
        assert all(proxy.url in run.err for proxy in proxies)
        assert SECRET not in run.out + run.err
        assert [proxy.broadcasts() for proxy in proxies] == [[], [], []]


def test_a_lie_about_what_decides_sends_nothing(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_15: the delay was raised, and every endpoint keeps it to itself, so that the plan looks fresh."""
    gov = at("signed")
    gov.ask("anvil_setStorageAt", gov.addresses()["timelock"], to_hex(word_at(2)), to_hex(word_at(259_200)))
    gov.ask("evm_mine")
    with three(gov, monkeypatch) as proxies:
        for proxy in proxies:
            proxy.faults.forge["eth_call"] = answering("getMinDelay()(uint256)", 172_800)
        run = gov.act("queue", ONE, "--unrehearsed")
        assert run.code == 4
        assert "its minimum delay was read as 172800; proven is 259200" in run.err
        assert [proxy.broadcasts() for proxy in proxies] == [[], [], []]


def test_the_doctor_names_the_endpoint_that_does_not_agree(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    gov = at("drafted")
    question = "devnet: every endpoint agrees on the newest block"

    def asked() -> dict[str, Any]:
        (check,) = (each for each in gov("doctor", "--json").document["checks"] if each["question"] == question)
        found: dict[str, Any] = check
        return found

    assert question not in gov("doctor").out
    with three(gov, monkeypatch) as proxies:
        assert (asked()["ok"], asked()["answer"]) == (True, "all 3")
        proxies[2].faults.rewrite["eth_chainId"] = lambda _: "0x1"
        told = asked()
        assert told["ok"] is False
        assert told["answer"].startswith(f"devnet at {proxies[2].url}: ")
        assert SECRET not in told["answer"]
        proxies[1].faults.rewrite["eth_chainId"] = lambda _: "0x1"
        assert question not in gov("doctor", "--json").out


def test_the_policy_may_name_several_and_how_many_must_agree(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    gov = at("drafted")
    space, place = FileWorkspace(gov.root), FileWorkspace(gov.root).policy().networks["devnet"]
    assert isinstance(wiring.node(space, place), NodeChain)
    assert wiring.prover(wiring.site(space, "devnet")) is None
    gov.edit(
        "policies.yaml",
        "chain_id: 31337",
        "chain_id: 31337\n    rpc: [http://a.example, http://b.example]\n    agree: 2",
    )
    chain = wiring.node(space, place)
    assert isinstance(chain, AgreedChain)
    assert chain.shown == "devnet at 2 endpoints of which 2 must agree"
    site = wiring.site(space, "devnet")
    assert wiring.prover(site) is site.chain
    assert not wiring.is_devnet(space, "devnet")
    monkeypatch.setenv("GOV_RPC_DEVNET", "http://c.example")
    with pytest.raises(Rejected, match="2 endpoints of devnet must agree, and 1 are named"):
        wiring.node(space, place)


def test_a_rehearsal_goes_to_the_next_endpoint_when_the_first_is_gone(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    gov = at("locked")
    with three(gov, monkeypatch) as proxies:
        proxies[0].faults.lose_question.update({"eth_simulateV1", "debug_traceCall"})
        assert gov("simulate", ONE).code == 0
        assert proxies[1].count("eth_simulateV1") > 0


def test_with_a_relay_no_endpoint_hears_of_a_transaction(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    gov = at("signed")

    def script(questions: list[dict[str, Any]]) -> Reply:
        (asked,) = questions
        return answers([result(asked, gov.ask(BROADCAST, asked["params"][0]["tx"]))])

    with three(gov, monkeypatch) as proxies, serving(script, path=f"/{SECRET}") as relay:
        monkeypatch.setenv("GOV_RELAY_DEVNET", relay.url)
        run = gov.act("queue")
        assert run.code == 0
        assert [q["method"] for questions in relay.asked for q in questions] == ["eth_sendPrivateTransaction"]
        assert [proxy.broadcasts() for proxy in proxies] == [[], [], []]
        assert SECRET not in run.out + run.err
