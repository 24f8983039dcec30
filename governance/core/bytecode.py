"""What runtime code can do, read from its bytes: instructions that can be reached, constant slots that it writes.

Best effort: a computed jump may reach any JUMPDEST, so all count as reached, and a slot that is computed from calldata or
memory is not seen. It finds accidents and plain malice; it proves nothing harmless. Disassembly and the search for slots
are evmole's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_CODE = 24_576
"""Bytes of runtime code that a chain lets stand (EIP-170)."""
DELEGATION = b"\xef\x01\x00"
"""What the code of an account begins with that runs another account's code (EIP-7702); 20 bytes of address follow."""
LOW_SLOT = 1 << 16
"""Below this are state variables of ordinary contracts; hashed locations never are."""

_ENDS = {"STOP", "RETURN", "REVERT", "INVALID", "SELFDESTRUCT", "JUMP", "?"}
"""After these, only a JUMPDEST can be reached; `?` is no instruction of any fork and halts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction and where it stands."""

    offset: int
    name: str
    """`DELEGATECALL`, `PUSH20`; `?` where there is none."""
    pushed: int | None
    """The constant of a PUSH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A storage slot that code writes, by a constant number."""

    slot: int
    selectors: tuple[bytes, ...]
    """The functions that do, as far as they are known."""


def delegate_of(code: bytes) -> bytes | None:
    """The 20 bytes of the account whose code an EIP-7702 account runs; None when it is no such account."""
    return code[3:] if len(code) == 23 and code.startswith(DELEGATION) else None


def reachable(code: bytes) -> list[Instruction]:
    """Instructions that some jump or the start can reach, in order, as the machine itself tells code from pushed data.

    What follows an end without a JUMPDEST is left out: constants, and the compiler's metadata. That it looks like
    metadata is not asked, so nothing can hide in what only looks like it.
    """
    found, running = [], True
    for instruction in _disassembled(code):
        running = running or instruction.name == "JUMPDEST"
        if running:
            found.append(instruction)
        running = running and instruction.name not in _ENDS
    return found


def low_writes(code: bytes) -> list[Write]:
    """Slots under LOW_SLOT that the code writes, ascending: those of functions, and any just before an SSTORE."""
    import evmole

    found: dict[int, set[bytes]] = {}
    for record in evmole.contract_info(code, selectors=True, storage=True).storage or ():
        slot = int(record.slot, 16)
        if slot < LOW_SLOT and record.writes:
            found.setdefault(slot, set()).update(bytes.fromhex(selector) for selector in record.writes)
    before: Instruction | None = None
    for instruction in reachable(code):
        slot_before = None if before is None else before.pushed
        if instruction.name == "SSTORE" and slot_before is not None and slot_before < LOW_SLOT:
            found.setdefault(slot_before, set())
        before = instruction
    return [Write(slot=slot, selectors=tuple(sorted(found[slot]))) for slot in sorted(found)]


def pushed_words(code: bytes) -> set[int]:
    """Constants of 32 bytes that reachable code pushes."""
    return {each.pushed for each in reachable(code) if each.name == "PUSH32" and each.pushed is not None}


def selectors_in(code: bytes) -> dict[bytes, str]:
    """The functions that code answers, each with its argument types as they are guessed: `address,uint256`."""
    import evmole

    found = evmole.contract_info(code, selectors=True, arguments=True).functions or ()
    return {bytes.fromhex(each.selector): each.arguments or "" for each in found}


def _disassembled(code: bytes) -> Iterator[Instruction]:
    import evmole

    for offset, words in evmole.contract_info(code, disassemble=True).disassembled or ():
        name, _, constant = words.partition(" ")
        pushed = int(constant, 16) if constant else (0 if name == "PUSH0" else None)
        yield Instruction(offset=offset, name=name, pushed=pushed)
