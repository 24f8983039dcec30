"""When something is due: in order, once, and no matter how often it was put off."""

from hypothesis import given
from hypothesis import strategies as st

from governance.core.agenda import Action, Agenda, Task
from governance.core.units import Bytes32


def test_what_is_due_comes_earliest_first_and_only_once() -> None:
    agenda: Agenda[str] = Agenda()
    for key, when in (("late", 30), ("early", 10), ("now", 20)):
        agenda.put(key, when)
    assert (len(agenda), "now" in agenda) == (3, True)
    assert agenda.take(9) == []
    assert agenda.take(20) == ["early", "now"]
    assert (agenda.take(20), len(agenda)) == ([], 1)


def test_a_new_moment_replaces_the_old_one_and_what_is_dropped_is_never_due() -> None:
    agenda: Agenda[str] = Agenda()
    agenda.put("one", 10)
    agenda.put("one", 40)
    agenda.put("two", 20)
    agenda.drop("two")
    agenda.drop("never there")
    assert (agenda.take(39), agenda.take(40), len(agenda)) == ([], ["one"], 0)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.booleans()), max_size=300), st.integers(0, 50)
)
def test_it_is_a_dictionary_of_moments(moves: list[tuple[str, int, bool]], now: int) -> None:
    agenda: Agenda[str] = Agenda()
    plain: dict[str, int] = {}
    for key, when, dropped in moves:
        if dropped:
            agenda.drop(key)
            plain.pop(key, None)
        else:
            agenda.put(key, when)
            plain[key] = when
    assert len(agenda) == len(plain)
    due = agenda.take(now)
    assert sorted(due) == sorted(key for key, when in plain.items() if when <= now)
    assert [plain[key] for key in due] == sorted(plain[key] for key in due)


def test_a_task_has_one_name_wherever_it_is_named() -> None:
    task = Task(network="devnet", proposal="0007-x", operation=Bytes32(b"\x11" * 32), action=Action.EXECUTE)
    assert task.name == f"devnet:0x{'11' * 32}:execute"
