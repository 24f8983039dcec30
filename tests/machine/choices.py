"""What may happen in a life, how often each is chosen, and what it is given."""

from typing import Any

from hypothesis import strategies as st

from tests.machine.world import PEOPLE

everybody = set(range(len(PEOPLE)))
signers = st.one_of(
    st.just(everybody), st.just(everybody), st.just({0, 1, 2}), st.sets(st.sampled_from(sorted(everybody)))
)
"""Often enough of them to come to something."""
some_calls = st.lists(
    st.sampled_from(["count", "count", "count", "count", "delay", "shorter", "grant", "revoke", "fail"]),
    min_size=1,
    max_size=3,
)
pick, person, threshold = st.integers(0, 3), st.integers(0, 6), st.integers(0, 5)
pauses = st.sampled_from([5400, 7200, 5400, 1, 600, 1800, 3600, 30_000])
sooner = st.sampled_from([0, 0, 0, 1, -1])
"""How many times ten minutes an operation waits longer than it must."""
predecessors = st.sampled_from([-1, -1, -1, 0, 1])
Given = dict[str, st.SearchStrategy[Any]]
ACTS: dict[str, tuple[int, Given]] = {
    "derive": (4, {"kinds": some_calls, "more": sooner, "salt": st.integers(0, 3), "after": predecessors}),
    "carry_out": (6, {"which": pick, "waits": st.sampled_from([0, -1, 1]), "who": person}),
    "schedule": (4, {"which": pick, "who": signers, "ahead": st.sampled_from([0, 0, 0, 0, 1])}),
    "pin": (4, {"which": pick, "ahead": st.sampled_from([0, 1, 1, 2])}),
    "sign": (3, {"which": pick, "who": signers}),
    "send": (3, {"which": pick}),
    "schedule_elsewhere": (1, {"which": pick, "who": signers}),
    "withdraw": (2, {"which": pick, "who": signers, "by_guardian": st.booleans()}),
    "add_owner": (1, {"newcomer": person, "threshold": threshold, "who": signers}),
    "remove_owner": (1, {"leaver": person, "threshold": threshold, "who": signers}),
    "change_threshold": (1, {"threshold": threshold, "who": signers}),
    "approve_on_chain": (1, {"which": pick, "who": person}),
    "send_again": (1, {"again": st.integers(0, 20)}),
    "execute": (5, {"which": pick, "who": person}),
    "try_what_nobody_may": (1, {"which": pick, "who": person, "what": st.integers(0, 3)}),
    "wait": (3, {"seconds": pauses}),
    "tick": (6, {"acts": st.sampled_from([True, True, False])}),
    "mark": (3, {}),
    "reorganise": (2, {"to": pick}),
}
"""How often each is chosen, and what it is given. One rule chooses among them all: in no life is one of them left out."""
CHOICES = [name for name, (often, _) in ACTS.items() for _ in range(often)]
