"""The cheap question asked of several nodes at once. It says when to look; what is final takes enough voices."""

from collections import Counter
from collections.abc import Sequence

from governance.adapters.chain import NodeChain
from governance.adapters.endpoints import AgreedChain
from governance.adapters.heart import NodeHeart, executed
from governance.core.facts import Head
from governance.core.network import Network
from governance.core.units import Address, Bytes32, Moment
from governance.ports import Beat, Execution


class AgreedHeart:
    """See `governance.ports.Heart` and `Executions`."""

    def __init__(self, chain: AgreedChain, network: Network, payer: Address, *, confirmations: int | None) -> None:
        self._chain = chain
        self._network = network
        self._payer = payer
        self._confirmations = confirmations

    def _of(self, chain: NodeChain) -> NodeHeart:
        return NodeHeart(chain, self._network, self._payer, confirmations=self._confirmations)

    def beat(self, before: Head | None) -> Beat:
        """The newest block that enough name; where they differ, the one that they agree on when asked for it."""
        beats = self._chain.enough("what is new", lambda chain: self._of(chain).beat(before))
        agree = self._chain.agree
        named = [head for head, voices in Counter(beat.head for beat in beats).items() if voices >= agree]
        head = max(named, key=lambda each: each.number) if named else self._chain.head()
        there = [beat for beat in beats if beat.head == head]
        moments = sorted((beat.next_moment for beat in there), reverse=True)
        return Beat(
            head=head,
            next_moment=moments[agree - 1] if len(moments) >= agree else head.timestamp,
            final=min(sorted((beat.final for beat in beats), reverse=True)[agree - 1], head.number),
            forked=sum(beat.forked for beat in beats) >= agree,
            operations={one: block for beat in beats for one, block in beat.operations.items()},
            nonce=(there or beats)[0].nonce,
            balance=(there or beats)[0].balance,
        )

    def timestamps(self, ids: Sequence[Bytes32], at: Head) -> list[int]:
        """As one node that has the block gives them."""
        return self._chain.first("timestamps", lambda chain: self._of(chain).timestamps(ids, at), at)

    def next_moment(self) -> Moment:
        """No later than enough say."""
        moments = self._chain.enough("the next block", lambda chain: self._of(chain).next_moment())
        return sorted(moments, reverse=True)[self._chain.agree - 1]

    def of(self, operation: Bytes32, at: Head) -> Execution | None:
        """By logs that enough give, under the block that enough call final."""
        logs = executed(self._chain, self._network, operation, at)
        if not logs:
            return None
        final = self.beat(None).final
        return Execution(block=logs[-1].block, tx_hash=logs[-1].tx_hash, final=logs[-1].block <= final)
