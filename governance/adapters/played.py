"""What a node answers about blocks that never were, read: what came of a call, what it changed, whose code ran.

Pure readings of JSON. A malformed answer raises ValueError, KeyError, TypeError or an error of ours; the caller names the node.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from governance.adapters.reverts import explain
from governance.core.difference import Change, Part, ordered
from governance.core.facts import Log
from governance.core.scenes import Frame, Played, Traced
from governance.core.units import ZERO_WORD, Address, Bytes32, checksummed, hex_bytes, shown

LASTING = (Part.STORAGE, Part.CODE)
"""Parts in which a call that went through leaves something."""


def traced(changes: tuple[Change, ...], call: Any) -> Traced:
    """`call` is None of what is known to have gone through."""
    if call is None or call.get("error") is None:
        return Traced(ok=True, reason="", changes=changes)
    why = _innermost(call)
    reason = _reason({"message": why["error"]}, hex_bytes(why.get("output", "0x")))
    return Traced(ok=False, reason=reason, changes=())


def _innermost(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """The call that began a revert: a Safe, for one, says only that there was one."""
    failed = [inner for inner in call.get("calls") or () if inner.get("error")]
    return _innermost(failed[-1]) if failed else call


def played_call(call: Mapping[str, Any]) -> Played:
    """What came of one call of `eth_simulateV1`."""
    error, data = call.get("error"), hex_bytes(call["returnData"])
    ok = quantity(call["status"]) == 1
    if isinstance(error, dict) and isinstance(error.get("data"), str) and not ok:
        data = hex_bytes(error["data"])  # geth leaves the return data of a revert empty
    return Played(
        ok=ok,
        data=data,
        gas_used=quantity(call["gasUsed"]),
        reason="" if ok else _reason(error, data),
        logs=tuple(_log(entry) for entry in call.get("logs") or ()),
    )


def _reason(error: Any, data: bytes) -> str:
    """Revert data in words; without any, the node's own, such as that gas ran out."""
    said = "" if data or not isinstance(error, dict) else shown(str(error.get("message", "")))
    return said or explain(data)


def _log(entry: Mapping[str, Any]) -> Log:
    return Log(
        address=checksummed(hex_bytes(entry["address"])),
        topics=tuple(_word(topic) for topic in entry["topics"]),
        data=hex_bytes(entry["data"]),
        block=quantity(entry["blockNumber"]),
        index=quantity(entry["logIndex"]),
        tx_hash=ZERO_WORD,
    )


def changes_in(difference: Mapping[str, Any], *, without: Address) -> tuple[Change, ...]:
    """Both sides of the tracer's difference; who sends pays and counts, which is no effect of the call."""
    before, after = difference["pre"], difference["post"]
    found: list[Change] = []
    for written in sorted({*before, *after}):
        account = checksummed(hex_bytes(written))
        was, now = before.get(written) or {}, after.get(written) or {}
        if account != without:
            found += _numbers(account, was, now)
        if "code" in now:
            codes = hex_bytes(was.get("code", "0x")), hex_bytes(now["code"])
            found.append(Change(account=account, part=Part.CODE, before=codes[0], after=codes[1]))
        slots = was.get("storage") or {}, now.get("storage") or {}
        for slot in {*slots[0], *slots[1]}:  # a side that leaves a slot out says zero
            words = [_word(side.get(slot, "0x0")) for side in slots]
            found.append(Change(account=account, part=Part.STORAGE, slot=_word(slot), before=words[0], after=words[1]))
    return ordered(found)


def _numbers(account: Address, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    for part in (Part.BALANCE, Part.NONCE):
        if part in now:
            numbers = [_whole(side.get(part, 0)).to_bytes(32, "big") for side in (was, now)]
            yield Change(account=account, part=part, before=numbers[0], after=numbers[1])


def delegated_in(frame: Mapping[str, Any]) -> Iterator[Frame]:
    """Every delegatecall (and callcode) of a call tree that was not undone by a revert above it."""
    if frame.get("error"):
        return
    if frame["type"] in {"DELEGATECALL", "CALLCODE"}:
        yield Frame(account=checksummed(hex_bytes(frame["from"])), code=checksummed(hex_bytes(frame["to"])))
    for inner in frame.get("calls") or ():
        yield from delegated_in(inner)


def _word(text: str) -> Bytes32:
    return Bytes32(int(text, 16).to_bytes(32, "big"))


def quantity(text: str) -> int:
    """A number as nodes write it."""
    return int(text, 16)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else int(value, 16)
