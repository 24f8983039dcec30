"""A loopback proxy that fails at one HTTP request, by its number: lost, late, refused, garbled, stale or forged."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.adapters.badnode import BadNode, Questions, Reply, answers, failure, serving
from tests.adapters.rpcproxy import BROADCAST, HANG_UP, _forward

Answers = list[dict[str, Any]]


class Fault(StrEnum):
    """What goes wrong with one request."""

    LOST_QUESTION = "the question is lost"
    LOST_ANSWER = "the answer is lost"
    LATE = "the answer comes too late"
    TOO_MANY = "429"
    UNAVAILABLE = "503"
    GARBAGE = "no JSON"
    CUT = "half of the answer"
    WRONG_IDS = "answers to other questions"
    ERRORS = "an error to each question"
    NULLS = "nothing to each question"
    STALE = "a backend that lags behind"
    FORGED = "one digit of each result is another"


LATE_BY = 0.5
"""Seconds; more than the client of a test waits."""
LAG = 2
"""Blocks."""


@dataclass(kw_only=True)
class Faulty:
    """Where it listens, when it fails, and what passed."""

    served: BadNode
    plan: dict[int, Fault] = field(default_factory=dict)
    """By the number of the HTTP request."""
    bump: int = 0
    """Percent that a replacement must pay more, as geth demands; 0 for what the node itself demands."""
    offers: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.served.url

    @property
    def requests(self) -> int:
        return len(self.served.asked)

    def broadcasts(self) -> list[bytes]:
        """Every raw transaction that was handed over, in order."""
        raw = [q["params"][0] for qs in self.served.asked for q in qs if q["method"] == BROADCAST]
        return [bytes.fromhex(one[2:]) for one in raw]


@contextmanager
def faulty(upstream: str) -> Iterator[Faulty]:
    """Serve in front of `upstream` until the block ends."""
    made: list[Faulty] = []

    def script(questions: Questions) -> Reply:
        proxy = made[0]
        fault = proxy.plan.get(proxy.requests - 1)
        if fault is Fault.LOST_QUESTION:
            return HANG_UP
        if fault is Fault.TOO_MANY:
            return Reply(status=429)
        if fault is Fault.UNAVAILABLE:
            return Reply(status=503)
        if fault is Fault.ERRORS:
            return answers([failure(q, -32000, "not now") for q in questions])
        refused = _underpriced(proxy, questions)
        if refused is not None:
            return refused
        return _told(fault, questions, _forward(upstream, _lagging(upstream, questions, fault)))

    with serving(script) as served:
        made.append(Faulty(served=served))
        yield made[0]


def _told(fault: Fault | None, questions: Questions, given: Answers) -> Reply:
    if fault is Fault.LOST_ANSWER:
        return HANG_UP
    if fault is Fault.LATE:
        time.sleep(LATE_BY)
    if fault is Fault.GARBAGE:
        return Reply(body=b"<html>")
    if fault is Fault.CUT:
        whole = json.dumps(given).encode()
        return Reply(body=whole[: len(whole) // 2])
    if fault is Fault.WRONG_IDS:
        given = [{**one, "id": one["id"] + 1} for one in given]
    if fault is Fault.NULLS:
        given = [{"jsonrpc": "2.0", "id": q["id"], "result": None} for q in questions]
    if fault is Fault.FORGED:
        given = [{**one, "result": forged(one.get("result"))} if "result" in one else one for one in given]
    return answers(given)


def forged(result: Any) -> Any:
    """The same shape with another last digit; lists are empty, and blocks have another hash."""
    if isinstance(result, str) and len(result) > 2:
        return result[:-1] + ("1" if result[-1] == "0" else "0")
    if isinstance(result, list):
        return []
    if isinstance(result, dict):
        return {key: forged(value) if isinstance(value, str) else value for key, value in result.items()}
    return result


def _lagging(upstream: str, questions: Questions, fault: Fault | None) -> Questions:
    """The newest block is one of some blocks ago, to a backend that lags."""
    if fault is not Fault.STALE:
        return questions
    (newest,) = _forward(upstream, [{"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}])
    old = hex(max(0, int(newest["result"], 16) - LAG))
    text = json.dumps(questions)
    for tag in ("latest", "pending"):
        text = text.replace(f'"{tag}"', f'"{old}"')
    changed: Questions = json.loads(text)
    return changed


def _underpriced(proxy: Faulty, questions: Questions) -> Reply | None:
    """Geth refuses a replacement that pays hardly more."""
    from governance.adapters.rawtransaction import read

    if not proxy.bump:
        return None
    for question in questions:
        if question["method"] == BROADCAST:
            signed = read(bytes.fromhex(question["params"][0][2:]))
            key, offer = (signed.sender, signed.nonce), min(signed.offer.most, signed.offer.tip or signed.offer.most)
            before = proxy.offers.get(key)
            if before is not None and before < offer * 100 < before * (100 + proxy.bump):
                return answers([failure(question, -32000, "replacement transaction underpriced")])
            proxy.offers[key] = max(offer, before or 0)
    return None
