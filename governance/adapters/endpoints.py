"""Several nodes of one network as one: a block is believed when enough of them give it the same hash.

Rule 1: what decides is agreed on or proven. Heads, logs, receipts, nonces and dry runs need as many equal voices as must
agree. Views, code and storage are read from one node that has agreed on the block, else from the next; which of them
decide, `governance.life.proven` holds against state proofs.
Rule 2: who lags, hangs, lies or serves another chain is outvoted and named, and stops nobody while enough others agree.
Rule 3: when there are not enough, nothing is chosen: ChainContradicts where they speak against one another, Unreachable
where too few speak.
For one thread; the nodes have threads of their own.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from governance.adapters.atonce import Asking, Desk, Failed, Gave, Given
from governance.adapters.chain import NodeChain, Topics
from governance.adapters.fees import Fees
from governance.adapters.relay import Relay
from governance.core.call import Call
from governance.core.check import Check
from governance.core.errors import ChainContradicts, Finding, GovError, Refused, Unreachable
from governance.core.facts import Head, Log, Receipt
from governance.core.header import Header
from governance.core.stateproof import Proven, Question
from governance.core.units import Address, Bytes32, Moment, to_hex
from governance.ports import Answer

LINGER = 1.0
"""Seconds that the others are waited for once enough have answered."""
SLOW = 5.0
"""Seconds after which the next node is asked besides."""
REACH = 3
"""Blocks, from the newest of enough nodes down, among which they may find one another: the newest may be contested."""

T = TypeVar("T")


class AgreedChain:
    """See `governance.ports.Chain` and `Prover`; and what an account that pays asks of a node."""

    def __init__(self, chains: Sequence[NodeChain], agree: int, network: str, relay: Relay | None = None) -> None:
        self._desks = [Desk(chain) for chain in chains]
        self._agree = agree
        self._network = network
        self._relay = relay
        self._voters: tuple[Bytes32 | None, list[Desk]] = None, []
        self.dissent: tuple[Finding, ...] = ()
        """Who did not take part in the last agreement on a head, and why."""

    @property
    def agree(self) -> int:
        """How many must agree."""
        return self._agree

    @property
    def shown(self) -> str:
        """The network and how it is asked."""
        return f"{self._network} at {len(self._desks)} endpoints of which {self._agree} must agree"

    # ---- the block -------------------------------------------------------------------------------------------------

    def head(self) -> Head:
        """The newest block on whose hash enough nodes agree, each of which has that block and gave its whole header."""
        asking = self._asking(NodeChain.header, self._desks)
        try:
            given = self._gathered(asking)
            while (found := self._common(given)) is None:
                one = asking.next()
                if one is None:
                    raise self._apart("the newest block", given, _block_words)
                given.append(one)
            return found
        finally:
            asking.forget()

    def _common(self, given: Sequence[Given[Header]]) -> Head | None:
        """What enough of them have in common, at the greatest height that enough have reached or a little below."""
        heights = sorted((one.answer.head.number for one in _good(given)), reverse=True)
        if len(heights) < self._agree:
            return None
        newest = heights[self._agree - 1]
        for number in range(newest, max(newest - REACH, -1), -1):
            there = self._at(number, _good(given))
            votes = Counter(one.answer.head for one in there)
            enough = [head for head, count in votes.items() if count >= self._agree]
            if len(enough) == 1:
                return self._believe(enough[0], {id(one.desk) for one in there if one.answer.head == enough[0]}, given)
        return None

    def _at(self, number: int, given: Sequence[Gave[Header]]) -> list[Gave[Header]]:
        """The block with one number, of everybody who has come that far."""
        there = [one for one in given if one.answer.head.number == number]
        asking = self._asking(
            lambda chain: chain.header(number), [one.desk for one in given if one.answer.head.number > number]
        )
        while (more := asking.next(SLOW)) is not None:
            there += _good([more])
        asking.forget()
        return there

    def _believe(self, head: Head, voted: set[int], given: Sequence[Given[Header]]) -> Head:
        self._voters = head.hash, [desk for desk in self._desks if id(desk) in voted]
        heard = {id(one.desk): one for one in given}
        self.dissent = tuple(
            _finding(desk, _dissent(heard.get(id(desk)), head)) for desk in self._desks if id(desk) not in voted
        )
        return head

    def checks(self) -> list[Check]:
        """What the doctor says of the endpoints after a head was agreed on; nothing where none was."""
        if self._voters[0] is None:
            return []
        answer = "; ".join(finding.message for finding in self.dissent) or f"all {len(self._desks)}"
        question = f"{self._network}: every endpoint agrees on the newest block"
        return [Check(question=question, ok=not self.dissent, answer=answer, hint="look after it, or name another")]

    # ---- what is agreed on -----------------------------------------------------------------------------------------

    def logs(self, address: Address, topics: Topics, at: Head) -> list[Log]:
        """Nothing proves that logs are all there, so enough nodes must give the same."""
        return self._voted("logs", lambda chain: chain.logs(address, topics, at), key=tuple)

    def dry_run(self, call: Call, *, sender: Address, at: Head, moment: Moment | None = None) -> Answer:
        """Enough nodes must say that it succeeds, or that it does not."""
        return self._voted(
            "a dry run", lambda chain: chain.dry_run(call, sender=sender, at=at, moment=moment), key=lambda a: a.ok
        )

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        """The receipt that enough nodes give; None while too few of those that answer have it."""
        given, won = self._vote(lambda chain: chain.receipt(tx_hash), lambda found: found)
        if won is None and len(_good(given)) < self._agree:
            raise self._apart("a receipt", given, str)
        return None if won is None else won.answer

    def nonce(self, account: Address, *, pending: bool = False) -> int:
        """The greatest that enough nodes have reached."""
        numbers = self.enough("a nonce", lambda chain: chain.nonce(account, pending=pending))
        return sorted(numbers, reverse=True)[self._agree - 1]

    def fees(self) -> Fees:
        """The one in the middle of those that are named, so that none alone decides."""
        named = self.enough("fees", NodeChain.fees)
        return sorted(named, key=lambda fees: (fees.base or 0) + fees.tip)[len(named) // 2]

    def estimate(self, call: Call, sender: Address, moment: Moment | None = None) -> int:
        """The one in the middle; Refused when it would revert by what enough nodes say."""
        needed = self.enough("an estimate", lambda chain: chain.estimate(call, sender, moment))
        return sorted(needed)[len(needed) // 2]

    def require_chain(self) -> None:
        """Raise Refused unless enough nodes serve the chain that the policy names."""
        self.enough("the chain", NodeChain.require_chain)

    # ---- what is read from one ------------------------------------------------------------------------------------

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        """View calls, in order."""
        return self.first("views", lambda chain: chain.call_many(calls, at), at)

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        """Runtime code of each account."""
        return self.first("code", lambda chain: chain.codes(addresses, at), at)

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        """Storage words."""
        return self.first("storage", lambda chain: chain.storage(slots, at), at)

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        """Timestamps of blocks by number."""
        return self.first("times", lambda chain: chain.moments(blocks, at), at)

    def proofs(self, wanted: Sequence[Question], at: Head) -> list[Proven]:
        """See `governance.ports.Prover`: from whoever can prove it. One that cannot is passed over."""
        return self.first("proofs", lambda chain: chain.proofs(wanted, at), at)

    # ---- what is sent ---------------------------------------------------------------------------------------------

    def broadcast(self, raw: bytes) -> str:
        """Hand a signed transaction to every node of the right chain, or to the relay alone.

        Gives a complaint, empty as soon as one took it. None is waited for then; each is told all the same.
        """
        if self._relay is not None:
            self.require_chain()
            return self._relay.send(raw)
        asking = self._asking(lambda chain: chain.broadcast(raw), self._desks)
        given: list[Given[str]] = []
        while (one := asking.next()) is not None:
            if isinstance(one, Gave) and not one.answer:
                return ""
            given.append(one)
        complaints = [one.answer for one in _good(given)]
        if not complaints:
            raise self._apart("a transaction", given, str)
        return complaints[0]

    # ---- how ------------------------------------------------------------------------------------------------------

    def _asking(self, act: Callable[[NodeChain], T], desks: Sequence[Desk]) -> Asking[T]:
        asking = Asking(act=act)
        asking.ask(*desks)
        return asking

    def _gathered(self, asking: Asking[T]) -> list[Given[T]]:
        """Answers until enough are good ones, and those that come soon after."""
        given: list[Given[T]] = []
        while (one := asking.next(LINGER if len(_good(given)) >= self._agree else None)) is not None:
            given.append(one)
        return given

    def enough(self, what: str, act: Callable[[NodeChain], T]) -> list[T]:
        """Answers of enough nodes, in whatever order they came."""
        asking = self._asking(act, self._desks)
        given = self._gathered(asking)
        asking.forget()
        if len(_good(given)) < self._agree:
            raise self._apart(what, given, str)
        return [one.answer for one in _good(given)]

    def _voted(self, what: str, act: Callable[[NodeChain], T], key: Callable[[T], Hashable]) -> T:
        given, won = self._vote(act, key)
        if won is None:
            raise self._apart(what, given, lambda _: "answers, and not as enough others do")
        return won.answer

    def _vote(
        self, act: Callable[[NodeChain], T], key: Callable[[T], Hashable]
    ) -> tuple[list[Given[T]], Gave[T] | None]:
        """All that was said, and the first answer that enough nodes give; None when there is none."""
        asking = self._asking(act, self._desks)
        given: list[Given[T]] = []
        votes: Counter[Hashable] = Counter()
        while (one := asking.next()) is not None:
            given.append(one)
            if isinstance(one, Gave):
                voice = key(one.answer)
                votes[voice] += 1
                if votes[voice] >= self._agree:
                    asking.forget()
                    return given, one
        return given, None

    def first(self, what: str, act: Callable[[NodeChain], T], at: Head) -> T:
        """The first answer: of those who agreed on the block, each block beginning with another, then of the others.

        A slow one is not waited for alone.
        """
        agreed, voters = self._voters
        preferred = voters if agreed == at.hash else self._desks
        turn = at.number % len(preferred)  # who lies to one block's readers does not lie to the next one's as well
        order = [*preferred[turn:], *preferred[:turn], *(desk for desk in self._desks if desk not in preferred)]
        asking: Asking[T] = Asking(act=act)
        given: list[Given[T]] = []
        try:
            while order or asking.waiting:
                if order:
                    asking.ask(order.pop(0))
                one = asking.next(SLOW if order else None)
                if isinstance(one, Gave):
                    return one.answer
                if one is not None:
                    given.append(one)
        finally:
            asking.forget()
        raise self._apart(what, given, str, enough=1)

    def _apart(
        self, what: str, given: Sequence[Given[T]], words: Callable[[T], str], *, enough: int | None = None
    ) -> GovError:
        """Why there are not enough, with what each endpoint gave."""
        enough = enough or self._agree
        findings = tuple(
            _finding(one.desk, one.error.message if isinstance(one, Failed) else words(one.answer)) for one in given
        )
        errors = [one.error for one in given if isinstance(one, Failed)]
        refused = [error for error in errors if isinstance(error, Refused)]
        if len(self._desks) - len(refused) < enough:
            told = tuple(finding for error in refused for finding in error.findings)
            return Refused(refused[0].message, hint=refused[0].hint(), findings=told or findings)
        of = f"{enough} of {len(self._desks)} must agree" if enough > 1 else "none of them does"
        if any(isinstance(error, ChainContradicts) for error in errors) or len(given) - len(errors) >= enough:
            return ChainContradicts(
                f"the endpoints of {self._network} contradict one another about {what}: {of}",
                hint="find out which of them is wrong before anything is sent",
                findings=findings,
            )
        return Unreachable(
            f"too few endpoints of {self._network} answer about {what}: {of}",
            hint="try again, or name other endpoints",
            findings=findings,
        )


def _good(given: Sequence[Given[T]]) -> list[Gave[T]]:
    return [one for one in given if isinstance(one, Gave)]


def _finding(desk: Desk, words: str) -> Finding:
    return Finding(rule="endpoint", message=f"{desk.chain.shown}: {words}", hint="watch this endpoint")


def _block_words(header: Header) -> str:
    return f"block {header.head.number} is {to_hex(header.head.hash)}"


def _dissent(one: Given[Header] | None, head: Head) -> str:
    """What somebody gave who is not among those who agree."""
    if one is None:
        return "did not answer in time"
    if isinstance(one, Failed):
        return one.error.message
    words = _block_words(one.answer)
    return f"lags: its newest {words}" if one.answer.head.number < head.number else f"contradicts: its newest {words}"
