"""Revert data in words: Safe's codes, OpenZeppelin's and the dispatchers' custom errors, panics.

Unknown data is shown raw; nothing is guessed from an error's text.
"""

from governance.core.call import Function, as_text, decode, function
from governance.core.errors import Rejected
from governance.core.units import shown, to_hex

_ERROR = function("Error(string)")
_PANIC = function("Panic(uint256)")

SAFE_CODES = {
    "GS001": "the Safe is not set up",
    "GS010": "not enough gas to execute the Safe transaction",
    "GS013": "the inner call failed, and the Safe kept its nonce",
    "GS020": "the signatures are too short for the threshold",
    "GS021": "a contract signature points into the static part",
    "GS022": "a contract signature points outside of the data",
    "GS023": "a contract signature is cut off",
    "GS024": "a contract owner does not acknowledge its signature",
    "GS025": "an owner has not approved the hash",
    "GS026": "a signature is by a non-owner, out of order, twice there, or over another nonce or hash",
    "GS030": "only owners approve hashes",
    "GS031": "only the Safe itself may call this",
}
"""Error codes of the Safe contracts (docs/error_codes.md of safe-smart-account)."""

PANICS = {0x01: "assertion failed", 0x11: "arithmetic overflow", 0x12: "division by zero", 0x32: "index out of range"}

_KNOWN = {
    known.selector: known
    for known in map(
        function,
        (
            "AccessControlUnauthorizedAccount(address,bytes32)",
            "EnforcedPause()",
            "ExpectedPause()",
            "FailedCall()",
            "ReentrancyGuardReentrantCall()",
            "TimelockInsufficientDelay(uint256,uint256)",
            "TimelockInvalidOperationLength(uint256,uint256,uint256)",
            "TimelockUnauthorizedCaller(address)",
            "TimelockUnexecutedPredecessor(bytes32)",
            "TimelockUnexpectedOperationState(bytes32,bytes32)",
            "ActivationNotReady(uint64,uint64)",
            "AlreadyPending()",
            "BadEpoch()",
            "BatchTooLarge(uint256)",
            "CallerNotAdmin(address)",
            "CallerNotOwner(address)",
            "CallerNotTimelock(address)",
            "CodehashMismatch()",
            "CodeSizeExceeded(address,uint256)",
            "DelayTooLong(uint64)",
            "DigestZero()",
            "DuplicateSelector(bytes4)",
            "FacetCodeMismatch(address,bytes32,bytes32)",
            "FacetIsDelegated(address)",
            "FacetIsSelf()",
            "FeeAboveCap(uint256)",
            "FrozenContract()",
            "FrozenError()",
            "InvalidDelay(uint256)",
            "InvalidProof()",
            "LastAdmin()",
            "LenMismatch()",
            "NoPendingRoot()",
            "NoRoute()",
            "ProofLengthMismatch()",
            "ReturnDataTooLarge(uint256)",
            "RootZero()",
            "SelectorReserved(bytes4)",
            "ZeroAddress()",
            "ZeroCodeFacet(address)",
        ),
    )
}


def explain(data: bytes) -> str:
    """One phrase for revert data."""
    if not data:
        return "no reason given"
    selector, rest = data[:4], data[4:]
    try:
        if selector == _ERROR.selector:
            return _reason(str(decode(_ERROR.inputs, rest)[0]))
        if selector == _PANIC.selector:
            code = int(decode(_PANIC.inputs, rest)[0])
            return f"panic 0x{code:02x}: {PANICS.get(code, 'see the Solidity manual')}"
        if selector in _KNOWN:
            return _custom(_KNOWN[selector], rest)
    except Rejected:
        return f"malformed revert data {to_hex(data[:68])}"
    return f"unknown error {to_hex(data[:68])}"


def _reason(text: str) -> str:
    return f"{text}: {SAFE_CODES[text]}" if text in SAFE_CODES else f"“{shown(text)}”"


def _custom(error: Function, data: bytes) -> str:
    values = [as_text(value) for value in decode(error.inputs, data)]
    return f"{error.name}({', '.join(values)})"
