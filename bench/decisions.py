"""One decision under a policy of 200 rules, by our judge and by two policy engines.

Ours names every violation with its place; the engines say yes or no. All answer the same 400 questions alike: half are
asked by somebody who may not propose.
"""

import json
import random
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.harness import Contest, Contestant, Unavailable, contest, repeated
from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core import proposal as core_proposal
from governance.core.case import Case, Gate
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from governance.core.units import Address, Moment, checksummed
from governance.core.verdict import judge

REPOSITORY = Path(__file__).parent.parent
PEERS = REPOSITORY / ".venv-bench-policy"
"""The environment of the engines."""
LOCK = Path(__file__).parent / "requirements-policy-engines.lock"
SCRIPT = Path(__file__).parent / "policy_engines.py"
OURS, MAY, CASBIN, CEDAR = "governance.core.verdict", "Policy.may_propose", "pycasbin", "cedarpy (Rust)"
RULES = 200
BODIES: dict[str, dict[str, Any]] = {
    "facet_swap": {"changes": [{"remove": ["f()"]}]},
    "contract_call": {"calls": [{"to": "target", "function": "f(uint256)", "args": ["1"]}]},
    "unpause": {"reason": "why"},
    "proxy_upgrade": {
        "proxy": checksummed(b"\x01" * 20),
        "pattern": "uups",
        "implementation": checksummed(b"\x02" * 20),
    },
}
NOW, START, END = (Moment.parse(text) for text in ("2026-06-01", "2026-12-20", "2027-01-02"))
DELAY = 2 * 86_400


@contextmanager
def decisions() -> Iterator[tuple[Contest, Contest]]:
    """The contest's rounds are run inside the context, in which the engines' process lives."""
    policy = _policy()
    cases = [_case(policy, n, kind, author) for n, kind in _spots() for author in ("alice", "mallory")]
    wanted = [judge(case).ok for case in cases]
    assert wanted == [True, False] * RULES
    with TemporaryDirectory() as folder:
        file = Path(folder) / "questions.json"
        file.write_text(json.dumps(_questions(cases)), "utf-8")
        with _Engines(file, wanted) as engines:
            contestants = [
                Contestant(name=OURS, once=_each(repeated(lambda: [judge(case) for case in cases], 10), len(cases))),
                Contestant(name=CASBIN, once=lambda: engines.ask("casbin") / len(cases)),
                Contestant(name=CEDAR, once=lambda: engines.ask("cedar") / len(cases)),
            ]
            measures = (
                "one decision of 400: may this author propose this kind on this network by this lane and at this time. "
                "Rules and questions are in memory; all answer alike, ours with every violation and its place"
            )
            judged = contest(f"Policy decision with {RULES} rules", measures, contestants, rounds=7)
            asked = [(c.proposal.document.author, c.proposal.document.kind, c.network) for c in cases]
            assert [policy.may_propose(*each) for each in asked] == wanted
            plain = [
                Contestant(
                    name=MAY, once=_each(repeated(lambda: [policy.may_propose(*a) for a in asked], 500), len(cases))
                ),
                Contestant(name=CASBIN, once=lambda: engines.ask("casbin plain") / len(cases)),
                Contestant(name=CEDAR, once=lambda: engines.ask("cedar plain") / len(cases)),
            ]
            words = "one answer of 400, yes or no alone: may this author propose this kind on this network"
            yield judged, contest(f"Who may propose, with {RULES} rules", words, plain, rounds=7)


def _each(once: Any, count: int) -> Any:
    return lambda: once() / count


def _spots() -> list[tuple[str, str]]:
    return [(f"n{number}", kind) for number in range(RULES // len(BODIES)) for kind in BODIES]


def _account(seed: str) -> Address:
    return checksummed(random.Random(seed).randbytes(20))


def _policy() -> Policy:
    networks = {
        name: {
            "chain_id": str(1 + number),
            **{key: _account(f"{name} {key}") for key in ("council", "guardian", "timelock", "policy_anchor")},
            "target": {"kind": "diamond", "address": _account(f"{name} target")},
        }
        for number, name in enumerate(dict.fromkeys(name for name, _ in _spots()))
    }
    rules = [
        {
            "id": f"rule-{number}",
            "kinds": [kind],
            "networks": [network],
            "may_propose": "author",
            "approvals": [{"role": "council", "at_least": "threshold"}],
            "via": "timelock",
            "calls": "any",
            "delay": "48 h",
            "freeze": [{"from": "2026-12-20", "to": "2027-01-02"}],
        }
        for number, (network, kind) in enumerate(_spots())
    ]
    document = {
        "schema": "governance/policy/v1",
        "members": {name: {"address": _account(name)} for name in ("alice", "bob", "carol", "mallory")},
        "roles": {"author": ["alice", "bob"], "council": {"safe": "council"}},
        "networks": networks,
        "rules": rules,
    }
    return core_policy.read(parse(json.dumps(document), "p"), file="p", kinds=frozenset(KINDS))


def _case(policy: Policy, network: str, kind: str, author: str) -> Case:
    head = {"schema": "governance/v1", "title": "A", "author": author, "networks": [network], "summary": "why"}
    tree = parse(json.dumps({**head, "kind": kind, **BODIES[kind]}), "x")
    proposal = core_proposal.read(tree, id="0001-x", file="x", models={kind: KINDS[kind].document})
    return Case(
        proposal=proposal,
        policy=policy,
        network=network,
        lane=KINDS[kind].lane,
        gate=Gate.LOCK,
        now=NOW,
    )


def _questions(cases: list[Case]) -> dict[str, Any]:
    """The same for the engines."""
    rules = [
        {"role": "author", "network": n, "kind": kind, "lane": "timelock"}
        | {"start": START.seconds, "end": END.seconds}
        for n, kind in _spots()
    ]
    questions = [
        {"author": case.proposal.document.author, "network": case.network, "kind": case.proposal.document.kind}
        | {"lane": "timelock", "now": NOW.seconds, "eta": NOW.seconds + DELAY}
        for case in cases
    ]
    return {"roles": {"author": ["alice", "bob"]}, "rules": rules, "questions": questions}


class _Engines:
    """Both engines in one warm process, which says itself how long it took."""

    def __init__(self, file: Path, wanted: list[bool]) -> None:
        self._file, self._wanted = file, wanted
        self._process: subprocess.Popen[str] | None = None
        self.reason = ""

    def __enter__(self) -> "_Engines":
        try:
            _install()
        except Unavailable as reason:
            self.reason = str(reason)
            return self
        command = [str(PEERS / "bin" / "python"), str(SCRIPT), str(self._file)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def ask(self, engine: str) -> float:
        """Seconds for all questions. Raises AssertionError when the engine answers one of them differently."""
        if self._process is None:
            raise Unavailable(self.reason)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{engine}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["answers"] == self._wanted, f"{engine} decides otherwise"
        return float(answer["seconds"])


def _install() -> None:
    if (PEERS / "bin" / "pip").exists() and (PEERS / ".gitignore").exists():
        return
    venv.create(PEERS, with_pip=True)
    pip = [str(PEERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"pip could not install them: {done.stderr.strip().splitlines()[-1]}")
    (PEERS / ".gitignore").write_text("*\n")
