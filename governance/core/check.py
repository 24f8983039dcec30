"""One question that `gov doctor` asks, with its answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was asked and what was found. A question that could not be asked is not `ok`."""

    question: str
    ok: bool
    answer: str
    hint: str = ""
    """What to do about it; also of a note, which is `ok` and wants to be read."""
