"""Which tasks a look finds due, told by a heart and a shelf that say what a test wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from governance.core.agenda import Action
from governance.core.errors import Unreachable
from governance.core.facts import Head
from governance.core.lock import Claim
from governance.core.network import Network, TargetKind
from governance.core.units import Address, Bytes32, Moment
from governance.life.tick import RETRY, Watch
from governance.ports import Beat

A, B, C = (Bytes32(bytes([n]) * 32) for n in (1, 2, 3))
SAFE, GUARDIAN = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
NETWORK = Network(
    name="devnet",
    chain_id=31337,
    council=SAFE,
    guardian=GUARDIAN,
    timelock=Address("0x" + "33" * 20),
    target_kind=TargetKind.DIAMOND,
    target=Address("0x" + "44" * 20),
    policy_anchor=Address("0x" + "55" * 20),
)


def claim(*operations: Bytes32, nonce: int = 0) -> Claim:
    return Claim(
        lane="timelock",
        nonces=tuple(range(nonce, nonce + len(operations))),
        hashes=operations,
        operations=operations,
    )


@dataclass
class World:
    """Heart and shelf in one."""

    beat_now: Beat
    moments: dict[Bytes32, int] = field(default_factory=dict)
    files: dict[str, Claim | None] = field(default_factory=dict)
    asked: list[list[Bytes32]] = field(default_factory=list)
    forgotten: int = 0
    silent: bool = False

    def beat(self, before: Head | None) -> Beat:
        return self.beat_now

    def timestamps(self, ids: Sequence[Bytes32], at: Head) -> list[int]:
        self.asked.append(list(ids))
        if self.silent:
            raise Unreachable("the node went away between two questions")
        return [self.moments.get(one, 0) for one in ids]

    def changes(self, network: str) -> Mapping[str, Claim | None]:
        changed, self.files = self.files, {}
        return changed

    def forget(self) -> None:
        self.forgotten += 1

    def at(self, time: int, number: int = 10, **changes: object) -> None:
        head = Head(chain_id=31337, number=number, hash=Bytes32(bytes(32)), timestamp=Moment(time))
        plain = replace(
            self.beat_now, head=head, next_moment=Moment(time), final=number - 2, forked=False, operations={}
        )
        self.beat_now = replace(plain, **changes)  # type: ignore[arg-type]


def world(**files: Claim | None) -> World:
    head = Head(chain_id=31337, number=10, hash=Bytes32(bytes(32)), timestamp=Moment(100))
    beat = Beat(
        head=head,
        next_moment=Moment(100),
        final=8,
        forked=False,
        operations={},
        nonce=0,
        balance=1,
    )
    return World(beat_now=beat, files=dict(files))


def watch(over: World, *, sends: bool = False) -> Watch:
    return Watch(network=NETWORK, heart=over, shelf=over, sends_safe_transactions=sends)


def due(looking: Watch) -> list[tuple[Bytes32, Action]]:
    return [(task.operation, task.action) for task in looking.tick().tasks]


def test_what_waits_is_due_when_the_next_block_may_execute_it() -> None:
    """threat_19: the next block's time counts, since that is where it would be mined."""
    over = world(one=claim(A))
    over.moments[A] = 112
    looking = watch(over)
    assert due(looking) == []
    over.at(100, next_moment=Moment(112))
    assert due(looking) == [(A, Action.EXECUTE)]
    assert over.asked[1:] == [[]]  # nothing that waits is asked about again


def test_what_was_given_out_is_due_again_at_growing_distances_until_the_chain_speaks() -> None:
    over = world(one=claim(A))
    over.moments[A] = 100
    looking = watch(over)
    moments = []
    for now in range(100, 100 + 400):
        over.at(now)
        if due(looking):
            moments.append(now - 100)
    assert moments == [0, RETRY[0], 3 * RETRY[0], 7 * RETRY[0], 15 * RETRY[0]]
    over.moments[A] = 1
    over.at(600, operations={A: 10})
    assert due(looking) == []
    over.at(2000, number=12)
    assert due(looking) == [(A, Action.SETTLE)]


def test_what_was_sent_is_looked_at_at_the_very_next_tick() -> None:
    over = world(one=claim(A))
    over.moments[A] = 100
    looking = watch(over)
    assert due(looking) == [(A, Action.EXECUTE)]
    looking.soon(A)
    assert due(looking) == [(A, Action.EXECUTE)]


def test_an_execution_is_settled_once_its_block_is_final_and_then_never_again() -> None:
    """threat_10"""
    over = world(one=claim(A))
    over.moments[A] = 1
    looking = watch(over)
    over.at(100, operations={A: 9})
    assert due(looking) == []
    over.at(112, number=11)
    assert due(looking) == [(A, Action.SETTLE)]
    over.at(124, number=12)
    assert due(looking) == [(A, Action.SETTLE)]
    looking.settled([A])
    over.at(136, number=13)
    assert due(looking) == []


def test_after_a_reorganisation_everything_is_looked_at_anew_but_what_is_settled() -> None:
    """threat_09"""
    over = world(one=claim(A), two=claim(B))
    over.moments |= {A: 100, B: 1}
    looking = watch(over)
    looking.settled([B])
    assert due(looking) == [(A, Action.EXECUTE)]
    over.files = {"one": claim(A), "two": claim(B)}
    over.at(101, forked=True)
    assert due(looking) == [(A, Action.EXECUTE)]
    assert (over.forgotten, over.asked[-1]) == (1, [A, B])


def test_signed_transactions_are_sent_at_their_nonce_only_and_where_somebody_said_so() -> None:
    over = world(one=claim(A, B), two=claim(C, nonce=2))
    assert due(watch(over)) == []
    over = world(one=claim(A, B), two=claim(C, nonce=2))
    looking = watch(over, sends=True)
    assert due(looking) == [(A, Action.QUEUE)]
    assert due(looking) == []
    over.at(112, nonce=2)
    assert due(looking) == [(C, Action.QUEUE)]


def test_a_lock_file_that_is_gone_or_another_is_watched_no_more() -> None:
    over = world(one=claim(A))
    over.moments |= {A: 200, B: 200}
    looking = watch(over)
    assert looking.tick().waiting == 1
    over.files = {"one": claim(B)}
    assert looking.tick().waiting == 1
    over.at(200)
    assert due(looking) == [(B, Action.EXECUTE)]
    over.files = {"one": None}
    assert looking.tick().waiting == 0
    over.at(1000)
    assert due(looking) == []


def test_what_a_silent_node_said_nothing_of_is_asked_about_again() -> None:
    """threat_01: the shelf names a file that has changed once, so that its operations must not be lost with one answer."""
    over = world(one=claim(A))
    over.moments[A] = 100
    looking = watch(over)
    over.silent = True
    for _ in range(2):
        with pytest.raises(Unreachable):
            looking.tick()
    over.silent = False
    assert due(looking) == [(A, Action.EXECUTE)]
    over.files = {"one": claim(A), "two": claim(B)}
    over.moments[B] = 101
    over.at(101, forked=True)
    over.silent = True
    with pytest.raises(Unreachable):
        looking.tick()
    over.silent = False
    over.at(102)
    assert due(looking) == [(A, Action.EXECUTE), (B, Action.EXECUTE)]
    assert over.asked == [[A], [A], [A], [A, B], [A, B]]


def test_logs_of_operations_that_no_file_knows_are_passed_over() -> None:
    over = world(one=claim(A))
    looking = watch(over)
    over.at(100, operations={C: 9})
    assert due(looking) == []
    assert over.asked == [[A]]
    assert looking.tick().unscheduled == 1
