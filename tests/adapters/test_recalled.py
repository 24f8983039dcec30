"""What a block said once is not asked again; what may change is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from governance.adapters.recalled import Reads, RecalledChain, Surveyed
from governance.adapters.roles import GRANTED
from governance.apps.wiring import site_over
from governance.core.call import Call, encode_call, function
from governance.core.facts import Head
from governance.ports import Answer
from tests import sites
from tests.sites import Place

FEE = encode_call(function("fee()"), [])


class Counting:
    """A chain that counts what it is asked."""

    def __init__(self, place: Place) -> None:
        self._chain = place.site.chain
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., object]:
        if not hasattr(self._chain, name):
            raise AttributeError(name)

        def ask(*given: object, **named: object) -> object:
            self.asked.append(name)
            answer: object = getattr(self._chain, name)(*given, **named)
            return answer

        return ask


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return sites.simulated(tmp_path)


def test_each_thing_about_a_block_is_asked_once(place: Place) -> None:
    counting = Counting(place)
    chain = RecalledChain(counting)  # type: ignore[arg-type]  # it answers to every name
    head, target = place.site.chain.head(), place.site.network.target
    call = Call(to=target, data=FEE)

    def everything(at: Head) -> list[object]:
        return [
            chain.call_many([call, call], at),
            chain.codes([target], at),
            chain.logs(target, [None], at),
            chain.dry_run(call, sender=target, at=at),
        ]

    first = everything(head)
    assert first == everything(head)
    assert counting.asked == ["call_many", "codes", "logs", "dry_run"]
    answers = first[0]
    assert isinstance(answers, list)
    assert answers[0] == answers[1] == Answer(ok=True, data=answers[0].data)


def test_only_what_is_not_known_is_asked(place: Place) -> None:
    counting = Counting(place)
    chain = RecalledChain(counting)  # type: ignore[arg-type]  # as above
    head, network = place.site.chain.head(), place.site.network
    chain.codes([network.target], head)
    both = chain.codes([network.target, network.timelock], head)
    assert both == place.site.chain.codes([network.target, network.timelock], head)
    assert counting.asked == ["codes"] * 2


def test_the_newest_block_and_another_block_are_asked_anew(place: Place) -> None:
    counting = Counting(place)
    chain = RecalledChain(counting)  # type: ignore[arg-type]  # as above
    first = chain.head()
    chain.codes([place.site.network.target], first)
    place.warp(12)
    second = chain.head()
    chain.codes([place.site.network.target], second)
    assert second != first
    assert counting.asked == ["head", "codes", "head", "codes"]


def test_what_is_foreseen_is_asked_along_with_the_first_of_its_sort(place: Place) -> None:
    counting = Counting(place)
    chain = RecalledChain(counting)  # type: ignore[arg-type]  # as above
    head, network = place.site.chain.head(), place.site.network
    fee = Call(to=network.target, data=FEE)
    chain.foresee(Reads(calls=(fee,), codes=(network.target, network.council)))
    assert chain.codes([network.timelock], head) == place.site.chain.codes([network.timelock], head)
    assert chain.codes([network.target, network.council], head) == place.site.chain.codes(
        [network.target, network.council], head
    )
    assert counting.asked == ["codes"]
    assert chain.call_many([fee], head) == place.site.chain.call_many([fee], head)
    assert counting.asked == ["codes", "call_many"]


@pytest.mark.node
def test_of_a_node_the_first_question_asks_for_all_that_is_foreseen(tmp_path: Path) -> None:
    """One request for calls, codes, words and logs, and the calls that follow from the logs go along with the next."""
    with sites.devnet(tmp_path / "node") as node, sites.on_anvil(node, tmp_path / "workspace") as place:
        chain, head, timelock = node.chain, place.site.chain.head(), place.site.network.timelock
        asked: list[int] = []
        real = chain.rpc._exchange
        chain.rpc._exchange = lambda requests: (asked.append(len(requests)), real(requests))[1]  # type: ignore[method-assign]
        recalled = RecalledChain(chain)
        site = site_over(recalled, place.site.network)
        found = [
            site.timelock.look(head),
            site.council.look(head),
            site.timelock.role_members(head),
            site.target.role_members(head),
        ]
        plain = place.site
        assert found == [
            plain.timelock.look(head),
            plain.council.look(head),
            plain.timelock.role_members(head),
            plain.target.role_members(head),
        ]
        assert len(asked) == 2  # all at once, and what follows from that
        recalled.foresee(Reads(calls=(), codes=tuple([timelock] * 3)))
        assert recalled.codes([timelock], head) == plain.chain.codes([timelock], head)
        assert len(asked) == 2


@pytest.mark.node
def test_a_survey_is_what_each_of_its_questions_gives(tmp_path: Path) -> None:
    with sites.devnet(tmp_path / "node") as node, sites.on_anvil(node, tmp_path / "workspace") as place:
        chain, network = node.chain, place.site.network
        head, topics = chain.head(), ((GRANTED,),)
        call = Call(to=network.target, data=FEE)
        for times in (1, 60):  # the second is more than goes into one request
            reads = Reads(
                calls=(call,) * times,
                codes=(network.target, network.council),
                slots=((network.council, 0),) * times,
                logs=((network.timelock, topics), (network.target, topics)),
            )
            surveyed = chain.survey(reads, head)
            assert list(surveyed.calls) == chain.call_many(reads.calls, head)
            assert list(surveyed.codes) == chain.codes(reads.codes, head)
            assert list(surveyed.slots) == chain.storage(reads.slots, head)
            assert [list(each) for each in surveyed.logs] == [chain.logs(*each, head) for each in reads.logs]
            assert all(surveyed.logs)
        assert chain.survey(Reads(calls=(), codes=()), head) == Surveyed(calls=(), codes=(), slots=(), logs=())
