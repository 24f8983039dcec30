"""Revert data in words: Safe's codes, panics, custom errors of OpenZeppelin, of our contracts and of dispatchers.

Unknown data is shown raw; nothing is guessed from an error's text.
"""

from collections.abc import Callable
from functools import cache

from governance.core.access import NAMES
from governance.core.call import Function, as_text, decode, function
from governance.core.errors import Rejected
from governance.core.units import Bytes32, Duration, checksummed, hex_bytes, shown, to_hex

_ERROR = function("Error(string)")
_PANIC = function("Panic(uint256)")

SAFE_CODES = {
    "GS000": "the call of the set-up failed",
    "GS001": "the Safe is not set up",
    "GS002": "the set-up calls an account without code",
    "GS010": "not enough gas to execute the Safe transaction",
    "GS011": "the gas could not be refunded in the chain's coin",
    "GS012": "the gas could not be refunded in the token",
    "GS013": "the inner call failed, and the Safe kept its nonce",
    "GS020": "the signatures are too short for the threshold",
    "GS021": "a contract signature points into the static part",
    "GS022": "a contract signature points outside of the data",
    "GS023": "a contract signature is cut off",
    "GS024": "a contract owner does not acknowledge its signature",
    "GS025": "an owner has not approved the hash",
    "GS026": "a signature is by a non-owner, out of order, twice there, or over another nonce or hash",
    "GS027": "the data given with a contract signature does not hash to what is signed",
    "GS030": "only owners approve hashes",
    "GS031": "only the Safe itself may call this",
    "GS100": "the modules are set up already",
    "GS101": "this cannot be a module",
    "GS102": "the module is enabled already",
    "GS103": "the module does not follow the one named before it",
    "GS104": "only an enabled module may call this",
    "GS105": "the page of modules does not start at an enabled module",
    "GS106": "a page of modules must not be empty",
    "GS200": "the owners are set up already",
    "GS201": "the threshold would exceed the number of owners",
    "GS202": "the threshold must not be zero",
    "GS203": "this cannot be an owner",
    "GS204": "the address is an owner already",
    "GS205": "the owner does not follow the one named before it",
    "GS300": "the guard does not say that it is one",
    "GS301": "the module guard does not say that it is one",
    "GS400": "the Safe cannot be its own fallback handler",
}
"""Error codes of the Safe contracts 1.3.0 to 1.5.0, as their `require` lines mean them."""

PANICS = {
    0x00: "a panic that the compiler inserted",
    0x01: "an assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "no such member of an enum",
    0x22: "broken storage bytes",
    0x31: "pop of an empty array",
    0x32: "index out of range",
    0x41: "out of memory",
    0x51: "call of an unset function",
}
"""Codes of `Panic(uint256)` in the Solidity manual."""

OPERATION_STATES = ("Unset", "Waiting", "Ready", "Done")
"""`OperationState` of the TimelockController; an error names a set of them as a bit map."""

_UNAUTHORIZED = function("AccessControlUnauthorizedAccount(address,bytes32)")
_UNEXPECTED_STATE = function("TimelockUnexpectedOperationState(bytes32,bytes32)")
_PREDECESSOR = function("TimelockUnexecutedPredecessor(bytes32)")
_TOO_SHORT = function("TimelockInsufficientDelay(uint256,uint256)")

_SIGNATURES = """
    AccessControlBadConfirmation() EnforcedPause() ExpectedPause() FailedCall() FailedDeployment()
    InsufficientBalance(uint256,uint256) ReentrancyGuardReentrantCall()
    TimelockInvalidOperationLength(uint256,uint256,uint256) TimelockUnauthorizedCaller(address)
    ActivationNotReady(uint64,uint64) AlreadyPending() BadEpoch() BatchTooLarge(uint256) CallerNotAdmin(address)
    CallerNotOwner(address) CallerNotTimelock(address) ChunkTooLarge(uint256) CodeSizeExceeded(address,uint256)
    CodehashMismatch() DelayTooLong(uint64) DeploymentFailed(address) DigestZero() DuplicateSelector(bytes4)
    FacetCodeMismatch(address,bytes32,bytes32) FacetIsDelegated(address) FacetIsSelf() FacetUnchanged(bytes4)
    FacetWithoutCode(address) FeeAboveCap(uint256,uint256) FrozenContract() FrozenError() FunctionMissing(bytes4)
    InitializationFailed() InvalidDelay(uint256) InvalidManifestFormat() InvalidProof() InvalidSelector() LastAdmin()
    LenMismatch() ManifestTooLarge(uint256) NoPendingRoot() NoRoute() NotAChunk(address) ProofLengthMismatch()
    ProxyMissing() RemovalNamesFacet(address) ReturnDataTooLarge(uint256) RootZero() RotationNotReady(uint64,uint64)
    SelectorExists(bytes4) SelectorImmutable(bytes4) SelectorMissing(bytes4) SelectorReserved(bytes4) SelectorsEmpty()
    TimelockZero() TreasuryZero() Unauthorized(address) ZeroAddress() ZeroCodeFacet(address)
"""
"""Custom errors of OpenZeppelin 5, of our contracts, of the dispatchers in the field and of diamonds."""


@cache
def _known() -> dict[bytes, Function]:
    return {known.selector: known for known in map(function, _SIGNATURES.split())}


def explain(data: bytes) -> str:
    """One phrase for revert data."""
    if not data:
        return "no reason given"
    try:
        return _decoded(data[:4], data[4:]) or f"unknown error {_raw(data)}"
    except Rejected:
        return f"malformed revert data {_raw(data)}"


def _decoded(selector: bytes, rest: bytes) -> str:
    """The phrase, empty when nobody we know has the selector."""
    if selector == _ERROR.selector:
        return _reason(str(decode(_ERROR.inputs, rest)[0]))
    if selector == _PANIC.selector:
        code = int(decode(_PANIC.inputs, rest)[0])
        return f"panic 0x{code:02x}: {PANICS.get(code, 'a code that no manual lists')}"
    if selector in _WORDS:
        error, words = _WORDS[selector]
        return words(*decode(error.inputs, rest))
    known = _known().get(selector)
    return _custom(known, rest) if known else ""


def _reason(text: str) -> str:
    return f"{text}: {SAFE_CODES[text]}" if text in SAFE_CODES else f"“{shown(text)}”"


def _custom(error: Function, data: bytes) -> str:
    values = zip(error.inputs, decode(error.inputs, data), strict=True)
    return f"{error.name}({', '.join(_account(v) if kind == 'address' else as_text(v) for kind, v in values)})"


def _account(digits: str) -> str:
    return checksummed(hex_bytes(digits))


def _raw(data: bytes) -> str:
    return to_hex(data[:68]) + ("…" if len(data) > 68 else "")


def _unauthorized(account: str, role: bytes) -> str:
    return f"{_account(account)} lacks {NAMES.get(Bytes32(role), f'role {to_hex(role)}')}"


def _unexpected_state(operation: bytes, bitmap: bytes) -> str:
    bits = int.from_bytes(bitmap, "big")
    wanted = [state for i, state in enumerate(OPERATION_STATES) if bits >> i & 1]
    return f"operation {to_hex(operation)} is not {' or '.join(wanted) or 'in any state that would do'}"


def _predecessor(operation: bytes) -> str:
    return f"operation {to_hex(operation)} must be executed first"


def _too_short(delay: int, least: int) -> str:
    return f"a delay of {Duration(delay)} is shorter than the timelock's {Duration(least)}"


_WORDS: dict[bytes, tuple[Function, Callable[..., str]]] = {
    _UNAUTHORIZED.selector: (_UNAUTHORIZED, _unauthorized),
    _UNEXPECTED_STATE.selector: (_UNEXPECTED_STATE, _unexpected_state),
    _PREDECESSOR.selector: (_PREDECESSOR, _predecessor),
    _TOO_SHORT.selector: (_TOO_SHORT, _too_short),
}
"""Errors that deserve a sentence."""
