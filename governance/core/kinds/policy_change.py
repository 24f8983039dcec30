"""`policy_change`: put another `policies.yaml` in force, by its digest. The policy in force judges it; the new one does not.

The file with that digest replaces the workspace's own once this is executed, not before.
"""

from typing import Any, ClassVar, Literal

from governance.core.call import Call, encode_call, function
from governance.core.effects import AnchorIs
from governance.core.errors import Finding, Refused
from governance.core.fields import TitleField, WordField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import ZERO_WORD, to_hex, word

SET_POLICY = function("setPolicy(bytes32,string)")


class PolicyChangeDocument(ProposalDocument):
    """Put another policy in force."""

    kind: Literal["policy_change"]
    digest: WordField
    """keccak256 of the canonical bytes of the new `policies.yaml`."""
    uri: TitleField
    """Where that file stands for everybody to read, e.g. a commit of a repository."""


class PolicyChange(Kind[PolicyChangeDocument]):
    """See the module."""

    name: ClassVar[str] = "policy_change"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = PolicyChangeDocument

    def needs(self, document: PolicyChangeDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """What is anchored now, and that the anchor is a contract."""
        return Needs(anchor=True, codes=(network.policy_anchor,))

    def derive(self, document: PolicyChangeDocument, network: Network, pins: Pins) -> Derivation:
        """One call of `setPolicy`."""
        assert pins.governance.anchor is not None
        new, found = word(document.digest), []
        if new == pins.governance.anchor.digest:
            message = f"{document.digest} is the digest of the policy in force"
            hint = "write the digest of the policy that shall come"
            found.append(Finding(rule="policy-same", path="digest", message=message, hint=hint))
        if new == ZERO_WORD:
            message = "a digest of zero stands for no policy at all"
            found.append(
                Finding(rule="policy-zero", path="digest", message=message, hint="write the new policy's digest")
            )
        if not pins.has_code(network.policy_anchor):
            message = f"{network.policy_anchor} has no code on {network.name}: the call would succeed and do nothing"
            found.append(Finding(rule="target-no-code", message=message, hint="check policy_anchor in policies.yaml"))
        if found:
            raise Refused("this is no change of the policy", findings=tuple(found))
        data = encode_call(SET_POLICY, [new, document.uri])
        call = Call(to=network.policy_anchor, data=data, summary=f"setPolicy: {to_hex(new)}")
        effect = AnchorIs(digest=new, uri=document.uri)
        return Derivation(bundles=(Bundle(label="policy", calls=(call,)),), effects=(effect,))

    def questions(self, document: PolicyChangeDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """The file itself is not on chain: somebody has to read it."""
        return (
            f"Does the file at {document.uri} have the digest {document.digest}, by gov's own reckoning?",
            "What may whom do under the new policy who could not before, and with what shorter delay or smaller quorum?",
            f"Does the new policy still allow a policy_change on {network.name}, with a delay that the timelock accepts?",
            "What is locked or waiting under the policy in force? It is judged by both from then on.",
        )

    def inverse(self, document: PolicyChangeDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """The policy that was in force. It will be judged by the one that is then."""
        assert pins.governance.anchor is not None
        return {
            "kind": self.name,
            "digest": to_hex(pins.governance.anchor.digest),
            "uri": pins.governance.anchor.uri,
        }
