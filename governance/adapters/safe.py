"""A Safe on one network: read at one block, recognised by code, encoded by the core.

An account is only a Safe when its code is a published proxy's and points (slot 0) at a singleton whose code is published
too: a lying `VERSION()` or a swapped singleton is refused.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from governance.adapters.known import SAFE_PROXIES, SAFE_SINGLETONS
from governance.adapters.recalled import Found, Reads
from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.errors import ChainContradicts, Finding, Refused, Rejected
from governance.core.facts import Head, SafeFacts, SafeOutcome
from governance.core.keccak import keccak
from governance.core.safelayout import FALLBACK_SLOT, GUARD_SLOT, SENTINEL, SINGLETON_SLOT
from governance.core.safemessage import Asked, SafeMessage, asked_by, asked_of
from governance.core.safetx import VERSIONS, SafeTx, execution
from governance.core.signable import Hashed
from governance.core.signature import Signature
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, checksummed, code_hash, shown, to_hex
from governance.ports import Answer, Chain

_VERSION = function("VERSION()(string)")
_OWNERS = function("getOwners()(address[])")
_THRESHOLD = function("getThreshold()(uint256)")
_NONCE = function("nonce()(uint256)")
_MODULES = function("getModulesPaginated(address,uint256)(address[],address)")
_READS = (_VERSION, _OWNERS, _THRESHOLD, _NONCE)
_APPROVED = function("approvedHashes(address,bytes32)(uint256)")
_HASH = function(
    "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)(bytes32)"
)
_ASKS = {
    Asked.DATA: (function("isValidSignature(bytes,bytes)(bytes4)"), bytes.fromhex("20c13b0b")),
    Asked.SAME: (function("isValidSignature(bytes,bytes)(bytes4)"), bytes.fromhex("20c13b0b")),
    Asked.HASH: (function("isValidSignature(bytes32,bytes)(bytes4)"), bytes.fromhex("1626ba7e")),
}
"""EIP-1271 in the form that each version uses, and the magic value: the function's own selector."""

PAGE = 50

SUCCESS = Bytes32(keccak(b"ExecutionSuccess(bytes32,uint256)"))
FAILURE = Bytes32(keccak(b"ExecutionFailure(bytes32,uint256)"))


class NodeSafe:
    """See `governance.ports.Safe`."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self._chain = chain
        self._address = address

    def look(self, at: Head) -> SafeFacts:
        """Owners, threshold, nonce and everything that can bypass them."""
        singleton, guard, handler = self._slots(at)
        codes = self._chain.codes([self._address, singleton], at)
        proxy_hash, singleton_hash = (code_hash(code) for code in codes)
        self._require_known(codes[0], proxy_hash, singleton, singleton_hash)
        version, owners, threshold, nonce, modules = self._reads(at)
        facts = SafeFacts(
            address=self._address,
            version=str(version),
            singleton=singleton,
            singleton_code_hash=singleton_hash,
            proxy_code_hash=proxy_hash,
            owners=tuple(_address(owner) for owner in owners),
            threshold=int(threshold),
            nonce=int(nonce),
            modules=modules,
            guard=guard,
            fallback_handler=handler,
        )
        self._require_sound(facts)
        return facts

    @cached_property
    def foreseen(self) -> Reads:
        """What a look begins with."""
        calls = (Call(to=self._address, data=encode_call(fn, [])) for fn in _READS)
        return Reads(
            calls=(*calls, self._page(SENTINEL)),
            codes=(self._address,),
            slots=tuple((self._address, slot) for slot in (SINGLETON_SLOT, GUARD_SLOT, FALLBACK_SLOT)),
            then=self._then,
        )

    def _then(self, found: Found) -> Reads:
        """The code behind the proxy, and who owns it: a key, or another Safe."""
        singleton = checksummed(found.word(self._address, SINGLETON_SLOT)[12:])
        owners = self._values(_OWNERS, found.answer(Call(to=self._address, data=encode_call(_OWNERS, []))))[0]
        return Reads(calls=(), codes=(singleton, *(_address(owner) for owner in owners)))

    def _slots(self, at: Head) -> list[Address]:
        return [checksummed(word[12:]) for word in self._chain.storage(self.foreseen.slots, at)]

    def _require_known(self, code: bytes, proxy_hash: Bytes32, singleton: Address, code_hash: Bytes32) -> None:
        if not code:
            raise _not_a_safe(f"{self._address} has no code", "safe-no-code", "check the address and the network")
        if proxy_hash not in SAFE_PROXIES:  # only a published proxy is known to delegate to what slot 0 says
            message = f"{self._address} has code hash {to_hex(proxy_hash)}, no published Safe proxy"
            raise _not_a_safe(message, "safe-proxy", "check the address and the network")
        if code_hash not in SAFE_SINGLETONS:
            message = f"{self._address} runs {singleton} with code hash {to_hex(code_hash)}, no published Safe"
            raise _not_a_safe(message, "safe-singleton", "do not sign anything; find out who changed the singleton")

    def _reads(self, at: Head) -> tuple[Any, ...]:
        """VERSION, owners, threshold, nonce and all modules."""
        *answers, page = self._chain.call_many(self.foreseen.calls, at)
        values = (self._values(fn, answer)[0] for fn, answer in zip(_READS, answers, strict=True))
        return (*values, self._modules(page, at))

    def _modules(self, answer: Answer, at: Head) -> tuple[Address, ...]:
        """Every module, page after page from the first."""
        found: list[Address] = []
        while True:
            page, following = self._values(_MODULES, answer)
            listed = [_address(module) for module in page]
            start = _address(following)
            ends = start in {SENTINEL, ZERO_ADDRESS}
            if not ends and start not in listed:
                listed.append(start)  # 1.3.0 names the first module of the next page here, and leaves it out there
            found += listed
            if len(set(found)) != len(found):
                raise ChainContradicts(f"the list of modules of {self._address} runs in a circle", hint="do not sign")
            if ends:
                return tuple(found)
            (answer,) = self._chain.call_many([self._page(start)], at)

    def _page(self, start: Address) -> Call:
        return Call(to=self._address, data=encode_call(_MODULES, [start, PAGE]))

    def _values(self, fn: Function, answer: Answer) -> tuple[Any, ...]:
        if not answer.ok:
            raise _not_a_safe(f"{self._address} does not answer {fn.signature}", "safe-read", "check the address")
        try:
            return decode(fn.outputs, answer.data)
        except Rejected as error:
            message = f"{self._address} answers {fn.signature} with something else"
            raise _not_a_safe(message, "safe-read", "check the address") from error

    def _require_sound(self, safe: SafeFacts) -> None:
        expected = SAFE_SINGLETONS[safe.singleton_code_hash]
        if safe.version not in VERSIONS or safe.version != expected:
            message = f"{safe.address} says version {shown(safe.version)}, its code is {expected}"
            raise _not_a_safe(message, "safe-version", f"versions {', '.join(VERSIONS)} are known")
        if not 1 <= safe.threshold <= len(safe.owners):
            message = f"{safe.address} has threshold {safe.threshold} and {len(safe.owners)} owners"
            raise _not_a_safe(message, "safe-threshold", "nothing can ever be signed here")

    def hash_of(self, tx: SafeTx, at: Head) -> Bytes32:
        """The contract's own `getTransactionHash`."""
        arguments = [
            *(tx.to, tx.value, tx.data, int(tx.operation), tx.safe_tx_gas, tx.base_gas, tx.gas_price),
            *(tx.gas_token, tx.refund_receiver, tx.nonce),
        ]
        (answer,) = self._chain.call_many([Call(to=self._address, data=encode_call(_HASH, arguments))], at)
        return Bytes32(self._values(_HASH, answer)[0])

    def approved(self, safe_tx_hash: Bytes32, owners: Sequence[Address], at: Head) -> frozenset[Address]:
        """Owners who approved the hash on chain."""
        calls = [Call(to=self._address, data=encode_call(_APPROVED, [owner, safe_tx_hash])) for owner in owners]
        answers = self._chain.call_many(calls, at)
        return frozenset(o for o, a in zip(owners, answers, strict=True) if self._values(_APPROVED, a)[0])

    def accepted(self, what: Hashed, version: str, signatures: Sequence[Signature], at: Head) -> list[bool]:
        """Ask each owner's contract as `checkNSignatures` of this version does; the answer is its magic value or nothing."""
        how = asked_by(version, itself_asked=isinstance(what, SafeMessage))
        fn, magic = _ASKS[how]
        asked = asked_of(what, how)
        calls = [Call(to=each.owner, data=encode_call(fn, [asked, each.data])) for each in signatures]
        answers = self._chain.call_many(calls, at)
        return [answer.ok and answer.data[:32] == magic + bytes(28) for answer in answers]

    def outcomes(self, safe_tx_hashes: Sequence[Bytes32], at: Head) -> list[SafeOutcome | None]:
        """The newest success or failure log of each hash."""
        found: dict[Bytes32, SafeOutcome] = {}
        for log in self._chain.logs(self._address, [[SUCCESS, FAILURE]], at):
            # 1.3.0 has the hash in the data, 1.4.1 and later as an indexed topic.
            named = log.topics[1] if len(log.topics) > 1 else Bytes32(log.data[:32])
            found[named] = SafeOutcome(success=log.topics[0] == SUCCESS, block=log.block, tx_hash=log.tx_hash)
        return [found.get(safe_tx_hash) for safe_tx_hash in safe_tx_hashes]

    def execution(self, tx: SafeTx, signatures: bytes) -> Call:
        """The `execTransaction` call."""
        return execution(tx, signatures)


def _address(text: object) -> Address:
    return checksummed(bytes.fromhex(str(text)[2:]))


def _not_a_safe(message: str, rule: str, hint: str) -> Refused:
    return Refused("this is not a Safe to be trusted", findings=(Finding(rule=rule, message=message, hint=hint),))
