"""pycasbin and cedarpy, each deciding the questions of a file once for every line that comes in.

    python bench/policy_engines.py QUESTIONS_JSON

The line is an engine's name; the answer is a JSON line {seconds, answers}. It runs in an environment of its own and so
imports nothing of ours. Reading rules and questions is not measured.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

CASBIN_MODEL = """
[request_definition]
r = sub, net, kind, lane, now, eta
[policy_definition]
p = sub, net, kind, lane, start, end
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.net == p.net && r.kind == p.kind && g(r.sub, p.sub) && r.lane == p.lane \
&& (r.now < p.start || r.now >= p.end) && (r.eta < p.start || r.eta >= p.end)
"""
"""What is cheap and seldom true stands first, which is the quickest order."""


PLAIN_MODEL = """
[request_definition]
r = sub, net, kind
[policy_definition]
p = sub, net, kind
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.net == p.net && r.kind == p.kind && g(r.sub, p.sub)
"""


def main() -> None:
    """Answer until nobody asks any more."""
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    engines = {
        "casbin": casbin(given, CASBIN_MODEL, ("lane", "start", "end"), ("lane", "now", "eta")),
        "casbin plain": casbin(given, PLAIN_MODEL, (), ()),
        "cedar": cedar(given, _permit),
        "cedar plain": cedar(given, _plain_permit),
    }
    for line in sys.stdin:
        decide = engines[line.strip()]
        start = perf_counter()
        answers = decide()
        print(json.dumps({"seconds": perf_counter() - start, "answers": answers}), flush=True)


def casbin(
    given: dict[str, Any], text: str, of_rules: tuple[str, ...], of_questions: tuple[str, ...]
) -> Callable[[], list[bool]]:
    """pycasbin's Enforcer; it compares texts, and all of ours have one length."""
    from casbin import Enforcer
    from casbin.model import Model

    model = Model()
    model.load_model_from_text(text)
    enforcer = Enforcer(model)
    for rule in given["rules"]:
        values = (rule[key] for key in ("role", "network", "kind", *of_rules))
        enforcer.add_policy(*map(str, values))
    for role, members in given["roles"].items():
        for member in members:
            enforcer.add_grouping_policy(member, role)
    keys = ("author", "network", "kind", *of_questions)
    asked = [[str(question[key]) for key in keys] for question in given["questions"]]
    return lambda: [enforcer.enforce(*question) for question in asked]


def cedar(given: dict[str, Any], permit: Callable[[dict[str, Any]], str]) -> Callable[[], list[bool]]:
    """Cedar, in Rust: policies and entities parsed once, all questions in one call."""
    import cedarpy

    policies = cedarpy.PolicySet.from_str("\n".join(map(permit, given["rules"])))
    people = sorted({member for members in given["roles"].values() for member in members})
    entities = [{"uid": _uid("Role", role), "attrs": {}, "parents": []} for role in given["roles"]]
    for person in people:
        held = [_uid("Role", role) for role, members in given["roles"].items() if person in members]
        entities.append({"uid": _uid("Member", person), "attrs": {}, "parents": held})
    known = cedarpy.Entities.from_json_str(json.dumps(entities))
    asked = [
        {
            "principal": f'Member::"{question["author"]}"',
            "action": f'Action::"{question["kind"]}"',
            "resource": f'Network::"{question["network"]}"',
            "context": {key: question[key] for key in ("lane", "now", "eta")},
        }
        for question in given["questions"]
    ]
    return lambda: [result.allowed for result in cedarpy.is_authorized_batch(asked, policies, known)]


def _permit(rule: dict[str, Any]) -> str:
    start, end = rule["start"], rule["end"]
    thawed = " && ".join(f"(context.{when} < {start} || context.{when} >= {end})" for when in ("now", "eta"))
    return (
        f'permit(principal in Role::"{rule["role"]}", action == Action::"{rule["kind"]}", '
        f'resource == Network::"{rule["network"]}") when {{ context.lane == "{rule["lane"]}" '
        f"&& {thawed} }};"
    )


def _plain_permit(rule: dict[str, Any]) -> str:
    return (
        f'permit(principal in Role::"{rule["role"]}", action == Action::"{rule["kind"]}", '
        f'resource == Network::"{rule["network"]}");'
    )


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


if __name__ == "__main__":
    main()
