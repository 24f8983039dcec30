"""What follows from who may act on whom: who can change code, around what, and what a proposal makes of that.

Rule 1: a path that was there before is a property of the deployment and no finding of a proposal; it is noted each time.
Rule 2: nobody is taken for harmless because his rules are not known: a contract that holds a right is named.
Rule 3: a right is a right: that a system is paused or frozen at the moment hides no path.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, EMERGENCY, EXECUTOR, PROPOSER, role_name
from governance.core.errors import Finding
from governance.core.rolegraph import (
    ANYONE,
    BEACON_OWNER,
    MODULE,
    OWNER,
    PROXY_ADMIN,
    PROXY_ADMIN_OWNER,
    Edge,
    Graph,
    Nature,
)
from governance.core.units import Address

SINGLE_KEY, BYPASS, STOP = "single-key-upgrade", "delay-bypassed", "single-key-stop"
"""One key brings an upgrade about; somebody need not wait in the timelock; one key stops something, as it may."""

Reached = Mapping[Address, tuple[str, ...]]
"""In whose name somebody can act, each with the way there."""
_ATOMS = frozenset({Nature.KEY, Nature.CONTRACT, Nature.SYSTEM, Nature.ANYONE})
"""Who decides by himself, as far as is known; the others are moved by others."""
_HINTS = {
    SINGLE_KEY: "let nothing less than a quorum reach an upgrade: give the right to the timelock, or ask for more owners",
    BYPASS: "give the right to the timelock alone, so that everybody has time to see what comes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way from somebody to something that matters."""

    rule: str
    """`single-key-upgrade`, `delay-bypassed` or `single-key-stop`."""
    start: tuple[Address, ...]
    """Who; several where it needs them together."""
    end: Address
    """What is reached."""
    words: str
    """The whole of it as a sentence."""

    @property
    def key(self) -> tuple[str, tuple[Address, ...], Address]:
        """What makes it the same path at another block, whatever the way."""
        return self.rule, self.start, self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One right, before and after, for a table."""

    holder: Address
    is_a: str
    """What the holder is afterwards, or was when nobody knows it any more."""
    role: str
    contract: Address
    allows: tuple[str, ...]
    """Signatures of functions."""
    through: Address | None
    """See `Edge.through`."""
    before: bool
    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Who may do what before a proposal and after it."""

    before: Graph
    after: Graph

    @property
    def differences(self) -> tuple[Row, ...]:
        """Rights that somebody gains or loses."""
        return tuple(row for row in rows(self) if row.before != row.after)

    @property
    def becomes(self) -> tuple[tuple[Address, str, str], ...]:
        """Accounts that stay and are something else afterwards: what they were, and what they are."""
        was, now = self.before.accounts, self.after.accounts
        both = sorted(was.keys() & now.keys())
        return tuple((each, was[each].words, now[each].words) for each in both if was[each] != now[each])

    def compared(self) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Paths that the proposal makes, and those that were there before and stay."""
        there = {path.key for path in paths(self.before)}
        found = paths(self.after)
        return tuple(path for path in found if path.key not in there), tuple(
            path for path in found if path.key in there
        )


def rows(power: Power) -> tuple[Row, ...]:
    """Every right as a row: those that stay or are gained in the order of the graph, then those that are lost."""
    was, now = ({_same(edge): edge for edge in graph.edges} for graph in (power.before, power.after))
    accounts = {**power.before.accounts, **power.after.accounts}
    return tuple(
        Row(
            holder=edge.holder,
            is_a=accounts[edge.holder].words,
            role=edge.role,
            contract=edge.contract,
            allows=edge.allows,
            through=edge.through,
            before=key in was,
            after=key in now,
        )
        for key, edge in (now | {key: edge for key, edge in was.items() if key not in now}).items()
    )


def rows_of(graph: Graph) -> tuple[Row, ...]:
    """Every right of one graph, for a deployment that nothing changes."""
    return rows(Power(before=graph, after=graph))


def judge_power(power: Power) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """A finding for each path that a proposal makes, and everything else that is to be known."""
    made, standing = power.compared()
    findings = tuple(
        Finding(rule=path.rule, message=f"once this is executed, {path.words}", hint=_HINTS[path.rule])
        for path in made
        if path.rule in _HINTS
    )
    notes = [f"once this is executed, {path.words}" for path in made if path.rule not in _HINTS]
    notes += [f"as before, {path.words}" for path in standing]
    return findings, (*notes, *unknown(power.after))


def unknown(graph: Graph) -> tuple[str, ...]:
    """A sentence for each account with a right whose rules are not known here, and for each proxy of that kind."""
    told = []
    for account in graph.accounts.values():
        held = [_right(graph, edge) for edge in graph.edges if edge.holder == account.address]
        if held and (account.nature in {Nature.CONTRACT, Nature.SYSTEM} or account.delegate is not None):
            told.append(f"{graph.named(account.address)} ({account.words}): {', '.join(held)}")
    told += [f"who may upgrade the proxy {proxy} is said by its own code, which is not read" for proxy in graph.opaque]
    return tuple(told)


def paths(graph: Graph) -> tuple[Path, ...]:
    """Every path that matters, one for each who and what."""
    found = {path.key: path for path in (*_single(graph), *_around(graph), *_stops(graph))}
    return tuple(found.values())


def acting(graph: Graph, start: Collection[Address], *, waiting: bool) -> Reached:
    """In whose name these together can act; with `waiting`, also through the timelock."""
    reached: dict[Address, tuple[str, ...]] = dict.fromkeys(start, ())
    moved = [each for each in graph.accounts.values() if each.nature is Nature.SAFE]
    moved += [graph.accounts[graph.timelock]] if waiting else []
    while True:
        left = [each.address for each in moved if each.address not in reached]
        grown = {each: how for each in left if (how := _moved(graph, each, reached)) is not None}
        if not grown:
            return reached
        reached |= grown


def _moved(graph: Graph, account: Address, reached: Reached) -> tuple[str, ...] | None:
    """How a Safe or the timelock is moved, None when these do not suffice."""
    return _as_timelock(graph, reached) if account == graph.timelock else _as_safe(graph, account, reached)


def _as_safe(graph: Graph, safe: Address, reached: Reached) -> tuple[str, ...] | None:
    for edge in graph.rights(safe, MODULE):
        if edge.holder in reached:
            return (*reached[edge.holder], f"as a module of {graph.named(safe)}{_through(graph, edge)}")
    account = graph.accounts[safe]
    seats = {edge.through or edge.holder: edge for edge in graph.rights(safe, OWNER) if edge.holder in reached}
    if len(seats) < account.threshold:
        return None
    ways = dict.fromkeys(step for edge in seats.values() for step in reached[edge.holder])
    return (*ways, f"as an owner of {graph.named(safe)}, which asks for {account.threshold} of {account.owners}")


def _as_timelock(graph: Graph, reached: Reached) -> tuple[str, ...] | None:
    """Its admin makes himself proposer and executor; a proposer needs somebody who executes."""
    timelock, delay = graph.timelock, graph.accounts[graph.timelock].delay
    after = f"after its delay of {delay}" if delay is not None and delay.seconds else "which waits for nothing"
    for edge in graph.rights(timelock, role_name(ADMIN)):
        if edge.holder in reached:
            return (*reached[edge.holder], f"as admin of the timelock{_through(graph, edge)}, {after}")
    executors = graph.rights(timelock, role_name(EXECUTOR))
    if not any(edge.holder == ANYONE or edge.holder in reached for edge in executors):
        return None
    for edge in graph.rights(timelock, role_name(PROPOSER)):
        if edge.holder in reached:
            return (*reached[edge.holder], f"as proposer of the timelock{_through(graph, edge)}, {after}")
    return None


def _sufficient(graph: Graph, what: Address) -> Iterator[tuple[Edge, ...]]:
    """Rights that together change the code of something."""
    if what != graph.target:
        yield from ((edge,) for edge in graph.rights(what, PROXY_ADMIN, PROXY_ADMIN_OWNER, BEACON_OWNER))
        return
    yield from ((edge,) for edge in graph.rights(what, role_name(ADMIN), OWNER))
    for commit in graph.rights(what, role_name(COMMIT)):
        yield from ((commit, apply) for apply in graph.rights(what, role_name(APPLY)))


def _single(graph: Graph) -> Iterator[Path]:
    """Keys, anyone, and modules that need nobody: what each can bring about alone, through the timelock or not."""
    modules = {edge.holder for edge in graph.edges if edge.role == MODULE}
    free = {what for what, _ in _upgrades(graph, acting(graph, {ANYONE}, waiting=True))}
    for account in graph.accounts.values():
        if account.nature in {Nature.KEY, Nature.ANYONE} or (account.nature in _ATOMS and account.address in modules):
            for what, how in _upgrades(graph, acting(graph, {account.address, ANYONE}, waiting=True)):
                if account.nature is Nature.ANYONE or what not in free:
                    yield _path(graph, SINGLE_KEY, (account.address,), what, "alone can change the code of", how)


def _upgrades(graph: Graph, reached: Reached) -> Iterator[tuple[Address, tuple[str, ...]]]:
    """What can be given other code in these names, each once, by the first way there is."""
    for what in (graph.target, *graph.proxies):
        for edges in _sufficient(graph, what):
            if all(edge.holder in reached for edge in edges):
                before = dict.fromkeys(step for edge in edges for step in reached[edge.holder])
                yield what, (*before, _with(graph, edges))
                break


def _around(graph: Graph) -> Iterator[Path]:
    """Everybody together, but never through the timelock."""
    timelock = graph.accounts[graph.timelock]
    atoms = [account.address for account in graph.accounts.values() if account.nature in _ATOMS]
    free = acting(graph, {*atoms, ANYONE}, waiting=False)
    for what in (graph.target, *graph.proxies):
        ways = {tuple(sorted({edge.holder for edge in edges})): edges for edges in _sufficient(graph, what)}
        for who, edges in ways.items():
            if free.keys() >= set(who) and not any(set(other) < set(who) for other in ways):
                doing = "can, without the timelock's delay, change the code of"
                yield _path(graph, BYPASS, who, what, doing, (_with(graph, edges),))
    for edge in graph.rights(graph.timelock, role_name(ADMIN)):
        if edge.holder in free:
            doing = "can, without any delay, say who proposes to, executes and cancels in"
            yield _path(graph, BYPASS, (edge.holder,), graph.timelock, doing, (_with(graph, (edge,)),))
    if timelock.delay is not None and not timelock.delay.seconds:
        words = "the timelock waits for nothing: whatever is proposed to it can be executed at once"
        yield Path(rule=BYPASS, start=(graph.timelock,), end=graph.timelock, words=words)


def _stops(graph: Graph) -> Iterator[Path]:
    """What one key alone can stop: the system, or what waits in the timelock."""
    rights = (*graph.rights(graph.target, role_name(EMERGENCY)), *graph.rights(graph.timelock, role_name(CANCELLER)))
    free = {edge for edge in rights if edge.holder in acting(graph, {ANYONE}, waiting=False)}
    for account in graph.accounts.values():
        if account.nature in {Nature.KEY, Nature.ANYONE}:
            reached = acting(graph, {account.address, ANYONE}, waiting=False)
            for edge in rights:
                if edge.holder in reached and (account.nature is Nature.ANYONE or edge not in free):
                    how = (*reached[edge.holder], _with(graph, (edge,)))
                    doing = "alone can stop" if edge.contract == graph.target else "alone can cancel what waits in"
                    yield _path(graph, STOP, (account.address,), edge.contract, doing, how)


def _path(graph: Graph, rule: str, who: tuple[Address, ...], what: Address, doing: str, how: tuple[str, ...]) -> Path:
    subject = " and ".join(graph.named(each) for each in who) + (" together" if len(who) > 1 else "")
    return Path(rule=rule, start=who, end=what, words=f"{subject} {doing} {graph.named(what)}: {', then '.join(how)}")


def _with(graph: Graph, edges: Collection[Edge]) -> str:
    roles = " and ".join(dict.fromkeys(edge.role for edge in edges))
    (contract,) = {edge.contract for edge in edges}
    through = next((_through(graph, edge) for edge in edges if edge.through is not None), "")
    return f"{'with' if roles.endswith('_ROLE') else 'as'} {roles} of {graph.named(contract)}{through}"


def _through(graph: Graph, edge: Edge) -> str:
    return "" if edge.through is None else f" by the fallback handler of {graph.named(edge.through)}"


def _right(graph: Graph, edge: Edge) -> str:
    return f"{edge.role} of {graph.named(edge.contract)}"


def _same(edge: Edge) -> tuple[Address, str, Address, Address | None]:
    return edge.holder, edge.role, edge.contract, edge.through
