"""The governed system on one network: which generation answers, and then everything a plan depends on.

| generation | fingerprint |
|---|---|
| ours | `generation()` answers `gov.dispatcher.1` |
| v1 | `manifestState()` answers |
| p4 | `facetsEx(bool)` and `manifest()` answer |
| compact | `manifest()` answers |
| EIP-2535 diamond | none of these, but the loupe does |

What answers like nothing of this, or like another kind than the policy names, is refused. The code hash of a release, where
it is one, must agree.
"""

from collections.abc import Sequence
from dataclasses import replace

from governance.adapters import diamond, dispatcher
from governance.adapters.known import DISPATCHERS
from governance.adapters.recalled import Found, Reads
from governance.adapters.roles import TOPICS, Grant, follow_up, role_members
from governance.core.access import ADMIN, APPLY, COMMIT, EMERGENCY
from governance.core.call import Call
from governance.core.errors import ChainContradicts, Finding, Refused
from governance.core.facts import Generation, Head, TargetFacts
from governance.core.keccak import selector
from governance.core.network import Network, TargetKind
from governance.core.units import Address, Bytes32, code_hash
from governance.ports import Answer, Chain

FINGERPRINT = b"gov.dispatcher.1".ljust(32, b"\0")
_QUESTIONS = (
    selector("generation()"),
    selector("manifestState()"),
    selector("facetsEx(bool)") + (1).to_bytes(32, "big"),
    selector("manifest()"),
    selector("facets()"),
)
STATE_BYTES = 7 * 32
"""Both `manifestState()` and `manifest()` answer seven static words."""


class NodeTarget:
    """See `governance.ports.Target`."""

    def __init__(self, chain: Chain, network: Network) -> None:
        self._chain = chain
        self._network = network

    def look(self, at: Head) -> TargetFacts:
        """Generation, live routes and rights."""
        (code,) = self._chain.codes([self._network.target], at)
        if not code:
            raise self._refused(f"{self._network.target} has no code", "target-no-code")
        generation = self._generation(self._chain.call_many(self.foreseen.calls[: len(_QUESTIONS)], at))
        self._require_kind(generation)
        found = code_hash(code)
        self._require_confirmed(generation, found)
        if generation is Generation.DIAMOND:
            return diamond.look(self._chain, self._network, found, at)
        return dispatcher.look(self._chain, self._network, generation, found, at)

    @property
    def foreseen(self) -> Reads:
        """What a look begins with."""
        target = self._network.target
        questions = tuple(Call(to=target, data=question) for question in _QUESTIONS)
        if self._network.target_kind is TargetKind.DIAMOND:
            return Reads(calls=questions, codes=(target,))
        calls = (*questions, *dispatcher.foreseen(self._network))
        return Reads(calls=calls, codes=(target,), logs=((target, TOPICS),), then=self._then)

    def _then(self, found: Found) -> Reads:
        """Who holds the roles, and where each selector goes."""
        roles = follow_up(self._network.target, self._always)(found)
        return replace(roles, calls=(*roles.calls, *dispatcher.follow_up(self._network.target, found)))

    @property
    def _always(self) -> list[Grant]:
        """Asked about without a log."""
        roles = (ADMIN, COMMIT, APPLY, EMERGENCY)
        return [(role, who) for role in roles for who in (self._network.timelock, self._network.guardian)]

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        """Everybody to whom its logs say a role was granted; the timelock and the guardian besides, without a log."""
        if self._network.target_kind is TargetKind.DIAMOND:
            raise self._refused(f"{self._network.target} is a diamond: it has an owner, no roles", "target-no-roles")
        return role_members(self._chain, self._network.target, at, asked=self._always)

    def _generation(self, answers: Sequence[Answer]) -> Generation:
        ours, v1, p4, compact, loupe = answers
        if ours.ok and ours.data == FINGERPRINT:
            return Generation.OURS
        if v1.ok and len(v1.data) == STATE_BYTES:
            return Generation.V1
        if compact.ok and len(compact.data) == STATE_BYTES:
            return Generation.P4 if p4.ok and len(p4.data) >= 64 else Generation.COMPACT
        if loupe.ok and len(loupe.data) >= 64:
            return Generation.DIAMOND
        raise self._refused(f"{self._network.target} answers like no dispatcher and no diamond", "target-unknown")

    def _require_kind(self, generation: Generation) -> None:
        is_diamond = generation is Generation.DIAMOND
        if is_diamond != (self._network.target_kind is TargetKind.DIAMOND):
            message = f"{self._network.target} is {generation}, the policy names a {self._network.target_kind}"
            raise self._refused(message, "target-kind")

    def _require_confirmed(self, generation: Generation, code_hash: Bytes32) -> None:
        """The code of a release must answer like that release."""
        released = DISPATCHERS.get(code_hash, generation)
        if released is not generation:
            raise ChainContradicts(
                f"{self._network.target} has the code of {released} and answers like {generation}",
                hint="a route may shadow what tells generations apart: compare the loupe by hand",
            )

    def _refused(self, message: str, rule: str) -> Refused:
        finding = Finding(rule=rule, message=message, hint=f"check target: of {self._network.name} in policies.yaml")
        return Refused("the governed system is not what the policy says", findings=(finding,))
