"""What a bundle is worth now: per network, for each nonce, who signed, who is missing, and what is stale."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from governance.emergency.bundle import Place
from governance.emergency.look import Seen, look
from governance.emergency.pause import nodes_of
from governance.emergency.safe import counted
from governance.emergency.threads import started
from governance.emergency.trouble import Trouble

NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One network."""

    network: str
    chain_id: int
    safe: str
    target: str
    expires: int
    """Seconds since 1970."""
    next_nonce: int | None
    """None where the chain was not reached."""
    threshold: int | None
    paused: bool | None
    good: tuple[int, ...]
    """Nonces, from the Safe's next on without a gap, that could be sent."""
    entries: tuple[dict[str, Any], ...]
    """Nonce, state (spent, complete, collecting), signed, missing, void."""
    stale: tuple[str, ...]
    """Why it is worth less than it looks, in sentences."""

    @property
    def ok(self) -> bool:
        """The very next pause could be sent now."""
        return bool(self.good) and not self.stale

    @property
    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "ok": self.ok}


def standings(places: Sequence[Place]) -> list[Standing]:
    """Every network at once."""
    return [each.result() for each in [started(partial(_standing, place)) for place in places]]


def lines(standing: Standing) -> list[str]:
    """For people."""
    head = f"{standing.network} (chain {standing.chain_id}): guardian {standing.safe} pauses {standing.target}"
    if standing.next_nonce is not None:
        head += f"; next nonce {standing.next_nonce}, {len(standing.good)} ready"
    told = [head]
    for entry in standing.entries:
        words = f"  nonce {entry['nonce']}  {entry['state']}  signed by {', '.join(entry['signed']) or 'nobody'}"
        words += f"; missing {', '.join(entry['missing'])}" if entry["missing"] and entry["state"] != "complete" else ""
        words += f"; does not count: {', '.join(entry['void'])}" if entry["void"] else ""
        told.append(words)
    return [*told, *(f"  ! {each}" for each in standing.stale)]


def _standing(place: Place) -> Standing:
    try:
        nodes = nodes_of(place)
        try:
            seen = look(place, nodes, NOBODY)
        finally:
            for node in nodes:
                node.close()
    except Trouble as trouble:
        return _of(place, None, (trouble.message,))
    return _of(place, seen, tuple(_stale(place, seen)))


def _of(place: Place, seen: Seen | None, stale: tuple[str, ...]) -> Standing:
    entries = tuple(_entry(place, entry.nonce, entry.signatures.keys(), seen) for entry in place.entries)
    good: list[int] = []
    if seen is not None:
        complete = {entry["nonce"] for entry in entries if entry["state"] == "complete"}
        while seen.nonce + len(good) in complete:
            good.append(seen.nonce + len(good))
    return Standing(
        network=place.name,
        chain_id=place.chain_id,
        safe=place.safe,
        target=place.target,
        expires=place.expires,
        next_nonce=None if seen is None else seen.nonce,
        threshold=None if seen is None else seen.threshold,
        paused=None if seen is None else seen.paused,
        good=tuple(good),
        entries=entries,
        stale=stale,
    )


def _entry(place: Place, nonce: int, signers: Any, seen: Seen | None) -> dict[str, Any]:
    if seen is None:
        return {"nonce": nonce, "state": "unknown", "signed": sorted(signers), "missing": [], "void": []}
    entry = place.entry(nonce)
    good = {} if entry is None else counted(place.tx(nonce), entry.signatures, seen.owners)
    state = "spent" if nonce < seen.nonce else "complete" if len(good) >= seen.threshold > 0 else "collecting"
    missing = [owner for owner in seen.owners if owner not in good]
    return {
        "nonce": nonce,
        "state": state,
        "signed": sorted(good),
        "missing": missing,
        "void": sorted(who for who in signers if who not in good),
    }


def _stale(place: Place, seen: Seen) -> list[str]:
    told = []
    if seen.time > place.expires:
        told.append("it has expired: presign anew")
    if seen.paused:
        told.append("the system is paused: nothing would be sent")
    entry = place.entry(seen.nonce)
    if entry is None:
        told.append(f"nothing is signed for the Safe's next nonce, {seen.nonce}: presign anew")
    strangers = sorted({who for each in place.entries for who in each.signatures} - set(seen.owners))
    if strangers:
        told.append(f"who signed is an owner no longer: {', '.join(strangers)}")
    return told
