"""A batch made for a set of kinds: its schema, what may be an entry, and what it makes of kinds that behave unlike ours."""

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import pytest
from pydantic import ValidationError

from governance.core.errors import Refused
from governance.core.kinds import KINDS, Derivation, Kind, Lane
from governance.core.kinds.batch import Batch
from governance.core.kinds.unpause import Unpause
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from tests.core.kindfacts import NETWORK, NEW, A, Body, pins, refusals

DELAY: Body = {"kind": "timelock_change", "delay": "72 h"}
UNPAUSE: Body = {"kind": "unpause", "reason": "why"}
SWAP: Body = {"kind": "facet_swap", "changes": [{"replace": NEW, "selectors": ["0x00000001"]}]}
POLICY: Body = {"kind": "policy_change", "digest": "0x" + "0a" * 32, "uri": "x"}
BODIES = {
    "facet_swap": SWAP,
    "manifest_upgrade": {"kind": "manifest_upgrade", "routes": [{"selector": "0x00000001", "facet": NEW}]},
    "contract_call": {"kind": "contract_call", "calls": [{"to": NEW, "function": "poke()"}]},
    "proxy_upgrade": {"kind": "proxy_upgrade", "proxy": NEW, "pattern": "uups", "implementation": A},
    "unpause": UNPAUSE,
    "role_change": {
        "kind": "role_change",
        "changes": [{"on": "timelock", "grant": "EXECUTOR_ROLE", "account": A}],
    },
    "timelock_change": DELAY,
    "policy_change": POLICY,
}
HEAD = {"schema": "governance/v1", "title": "t", "author": "alice", "networks": ["devnet"], "summary": "s"}


def of(*kinds: str) -> Batch:
    return Batch(KINDS[name] for name in kinds)


def document(batch: Batch, *entries: object, kind: str = "batch") -> Any:
    return batch.document.model_validate({**HEAD, "kind": kind, "entries": list(entries)})


def faults(batch: Batch, *entries: object, kind: str = "batch") -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        document(batch, *entries, kind=kind)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_every_kind_of_the_timelock_lane_may_be_an_entry_and_no_other() -> None:
    batch = Batch(KINDS.values())
    assert document(batch, *BODIES.values()).contained == tuple(BODIES)
    others = {"emergency_pause": "a", "cancel": "b", "council_change": "c", "batch": "d"}
    assert {*BODIES, *others} == set(KINDS)
    names = ", ".join(sorted(BODIES))
    for name in others:
        ((loc, message),) = faults(batch, DELAY, {"kind": name})
        assert loc == ("entries", 1)
        assert message == f"Value error, `{name}` cannot be part of a batch; one of {names}"


@pytest.mark.parametrize("entry", [{"delay": "72 h"}, {"kind": ["unpause"]}, "unpause", 7, None])
def test_an_entry_that_names_no_kind_is_told_so(entry: object) -> None:
    ((loc, message),) = faults(of("unpause", "timelock_change"), DELAY, entry)
    assert loc == ("entries", 1)
    assert message.startswith("Value error, an entry without a kind cannot be part of a batch; one of timelock_change,")


def test_a_batch_has_at_least_two_entries() -> None:
    batch = of("unpause", "timelock_change")
    ((loc, _),) = faults(batch, DELAY)
    assert loc == ("entries",)
    assert document(batch, DELAY, UNPAUSE).contained == ("timelock_change", "unpause")
    assert document(batch, DELAY, DELAY, UNPAUSE).contained == ("timelock_change", "timelock_change", "unpause")


def test_a_batch_is_called_batch() -> None:
    ((loc, _),) = faults(of("unpause"), UNPAUSE, UNPAUSE, kind="BATCH")
    assert loc == ("kind",)


@pytest.mark.parametrize("others", [(), ("timelock_change",), ("timelock_change", "facet_swap")])
def test_a_fault_is_told_for_the_kind_that_is_meant_alone(others: Iterable[str]) -> None:
    ((loc, _),) = faults(of("unpause", *others), UNPAUSE, {"kind": "unpause"})
    assert (loc[:2], loc[-1]) == (("entries", 1), "reason")
    assert document(of("unpause", *others), UNPAUSE, UNPAUSE).contained == ("unpause", "unpause")


def test_an_entry_keeps_what_its_kind_says_of_its_keys_together() -> None:
    ((_, message),) = faults(of("unpause", "timelock_change"), UNPAUSE, {"kind": "timelock_change"})
    assert message == "Value error, a timelock_change has a `delay`, `changes`, or both"


def test_entries_that_are_read_already_are_entries_again() -> None:
    batch = of("unpause", "timelock_change")
    read = document(batch, DELAY, UNPAUSE)
    assert document(batch, *read.entries) == read


def test_an_entry_has_the_keys_of_its_kind_and_none_of_the_proposal() -> None:
    for name in ("title", "author", "networks", "summary", "after"):
        ((loc, _),) = faults(of("unpause", "timelock_change"), DELAY, {**UNPAUSE, name: "x"})
        assert loc[-1] == name


def test_the_schema_that_editors_read_names_and_describes_every_part() -> None:
    schema = of("unpause", "timelock_change").document.model_json_schema()
    assert (schema["title"], schema["description"]) == (
        "BatchDocument",
        "Several changes in one operation, all or nothing.",
    )
    assert schema["properties"]["kind"]["description"] == "This kind."
    assert schema["properties"]["entries"]["description"].startswith("What happens")
    assert schema["$defs"]["UnpauseEntry"]["description"] == Unpause.document.__doc__
    assert {"UnpauseEntry", "TimelockChangeEntry"} <= schema["$defs"].keys()


class OddDocument(ProposalDocument):
    """Does nothing."""

    kind: Literal["odd"]


class Odd(Kind[OddDocument]):
    """A kind as a third party might write it: refuses in one sentence, and leads back to a name of the network."""

    name: ClassVar[str] = "odd"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    document = OddDocument

    def needs(self, document: OddDocument, network: Network) -> Needs:
        return Needs()

    def derive(self, document: OddDocument, network: Network, pins: Pins) -> Derivation:
        raise Refused("not today", hint="come back")

    def inverse(self, document: OddDocument, network: Network, pins: Pins) -> dict[str, Any]:
        return {"kind": self.name, "on": network.name, "at": pins.block_number}


def test_a_refusal_without_findings_becomes_one() -> None:
    batch = Batch([Odd()])
    with pytest.raises(Refused) as caught:
        batch.derive(document(batch, {"kind": "odd"}, {"kind": "odd"}), NETWORK, pins())
    assert [(f.rule, f.path, f.message, f.hint) for f in caught.value.findings] == [
        ("odd-refused", f"entries[{i}]", "not today", "come back") for i in range(2)
    ]


def test_the_inverse_of_an_entry_knows_network_and_facts() -> None:
    batch = Batch([Odd()])
    back = batch.inverse(document(batch, {"kind": "odd"}, {"kind": "odd"}), NETWORK, pins())
    assert back == {"kind": "batch", "entries": [{"kind": "odd", "on": "devnet", "at": 7}] * 2}


def test_overlaps_are_looked_for_only_among_entries_that_fit() -> None:
    assert refusals({"kind": "batch", "entries": [POLICY, SWAP, SWAP]}) == [("policy-same", "entries[0].digest")]
    assert refusals({"kind": "batch", "entries": [SWAP, SWAP]}) == [("batch-overlap", "entries[1]")]
