"""A loopback proxy in front of a node that loses questions, loses answers, or does something between two requests."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from tests.adapters.badnode import BadNode, Questions, Reply, answers, serving

HANG_UP = Reply(status=0)
BROADCAST = "eth_sendRawTransaction"


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong, by method. Empty sets let everything pass."""

    lose_question: set[str] = field(default_factory=set)
    """The node never hears of it."""
    lose_answer: set[str] = field(default_factory=set)
    """The node does it, and nobody is told."""
    garble: set[str] = field(default_factory=set)
    """The node does it, and something else is told."""
    rewrite: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    """The node answers, and the result is changed on the way."""
    forge: dict[str, Callable[[list[Any], Any], Any]] = field(default_factory=dict)
    """As `rewrite`, knowing the parameters."""
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    """Run once, before the method first reaches the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where it listens, what goes wrong, and what passed."""

    served: BadNode
    faults: Faults

    @property
    def url(self) -> str:
        return self.served.url

    def count(self, method: str) -> int:
        """How often a method was asked for."""
        return sum(q["method"] == method for questions in self.served.asked for q in questions)

    def broadcasts(self) -> list[str]:
        """Every raw transaction that was handed over, in order."""
        return [q["params"][0] for qs in self.served.asked for q in qs if q["method"] == BROADCAST]


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """Serve in front of `upstream` until the block ends."""
    faults = Faults()

    def script(questions: Questions) -> Reply:
        methods = {question["method"] for question in questions}
        for method in methods & set(faults.before):
            faults.before.pop(method)()
        if methods & faults.lose_question:
            return HANG_UP
        answer = _forward(upstream, questions)
        if methods & faults.lose_answer:
            return HANG_UP
        if methods & faults.garble:
            return Reply(body=b"<html>")
        return answers([_rewritten(q, a, faults) for q, a in zip(questions, answer, strict=True)])

    with serving(script) as served:
        yield Proxy(served=served, faults=faults)


def _forward(upstream: str, questions: Questions) -> list[dict[str, Any]]:
    request = Request(upstream, json.dumps(questions).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=10) as response:
        given: list[dict[str, Any]] = json.load(response)
    return given


def _rewritten(question: dict[str, Any], answer: dict[str, Any], faults: Faults) -> dict[str, Any]:
    change, forge = faults.rewrite.get(question["method"]), faults.forge.get(question["method"])
    if forge is not None and "result" in answer:
        answer = {**answer, "result": forge(question["params"], answer["result"])}
    return answer if change is None else {**answer, "result": change(answer["result"])}
