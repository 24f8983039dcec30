"""The PolicyAnchor on one network: the digest of the policy in force."""

from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import Finding, Refused
from governance.core.facts import Head
from governance.core.units import Address, Bytes32
from governance.ports import Chain

_DIGEST = function("digest()(bytes32)")


class NodeAnchor:
    """See `governance.ports.Anchor`."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address

    def digest(self, at: Head) -> Bytes32:
        """The anchored digest."""
        (answer,) = self._chain.call_many([Call(to=self._address, data=encode_call(_DIGEST, []))], at)
        if not answer.ok or len(answer.data) != 32:
            message = f"{self._address} does not answer digest()"
            hint = "check policy_anchor: of the network in policies.yaml; on a devnet, is it up?"
            finding = Finding(rule="policy-anchor", message=message, hint=hint)
            raise Refused("there is no policy anchor to judge by", findings=(finding,))
        return Bytes32(decode(_DIGEST.outputs, answer.data)[0])
