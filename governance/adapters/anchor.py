"""The PolicyAnchor on one network: the digest of the policy in force, and where it stands."""

from governance.adapters.recalled import Reads
from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import Head
from governance.core.units import Address, Bytes32
from governance.ports import Chain

_DIGEST = function("digest()(bytes32)")
_URI = function("uri()(string)")


class NodeAnchor:
    """See `governance.ports.Anchor`."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address

    @property
    def foreseen(self) -> Reads:
        """Both words."""
        calls = (Call(to=self._address, data=encode_call(fn, [])) for fn in (_DIGEST, _URI))
        return Reads(calls=tuple(calls), codes=())

    def digest(self, at: Head) -> Bytes32:
        """The anchored digest."""
        (answer,) = self._chain.call_many([Call(to=self._address, data=encode_call(_DIGEST, []))], at)
        if not answer.ok or len(answer.data) != 32:
            raise self._silent(_DIGEST)
        return Bytes32(decode(_DIGEST.outputs, answer.data)[0])

    def uri(self, at: Head) -> str:
        """The anchored URI."""
        (answer,) = self._chain.call_many([Call(to=self._address, data=encode_call(_URI, []))], at)
        try:
            return str(decode(_URI.outputs, answer.data if answer.ok else b"")[0])
        except Rejected as error:
            raise self._silent(_URI) from error

    def _silent(self, fn: Function) -> Refused:
        message = f"{self._address} does not answer {fn.signature}"
        hint = "check policy_anchor: of the network in policies.yaml; on a devnet, is it up?"
        finding = Finding(rule="policy-anchor", message=message, hint=hint)
        return Refused("there is no policy anchor to judge by", findings=(finding,))
