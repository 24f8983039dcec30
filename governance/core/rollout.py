"""In which waves a proposal reaches its networks: a canary first, and the next wave only once enough of the last one hold.

A wave holds when its proposal is executed there and every promise is kept. Whether it does is an argument; nothing here asks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from governance.core.errors import Finding
from governance.core.fields import DocumentPart, NameField
from governance.core.units import shown


def _count(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError(f"`{shown(text)}` is not a number of networks; write 1 or more")
    return text


CountField = Annotated[
    str, AfterValidator(_count), WithJsonSchema({"type": ["string", "integer"], "pattern": "^[1-9][0-9]{0,3}$"})
]


class Wave(DocumentPart):
    """Networks that go together."""

    networks: Annotated[list[NameField], Field(min_length=1)]
    """Of the proposal's; each stands in one wave."""
    at_least: CountField | None = None
    """So many of them must hold before the next wave begins; all of them where nothing is said."""

    @property
    def needed(self) -> int:
        """How many."""
        return len(self.networks) if self.at_least is None else int(self.at_least)


def require_partition(waves: Sequence[Wave], networks: Sequence[str]) -> None:
    """Raises ValueError unless each network stands in one wave, and no wave needs more than it has."""
    listed = [name for wave in waves for name in wave.networks]
    twice = sorted({name for name in listed if listed.count(name) > 1})
    strange = sorted(set(listed) - set(networks))
    left = sorted(set(networks) - set(listed))
    for names, words in ((twice, "in two waves"), (strange, "in a wave and not in `networks`"), (left, "in no wave")):
        if names:
            raise ValueError(f"`{shown(names[0])}` is {words}")
    for number, wave in enumerate(waves, 1):
        if wave.needed > len(wave.networks):
            raise ValueError(f"wave {number} needs {wave.needed} of {len(wave.networks)} networks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a proposal stands on one network."""

    holds: bool
    """Executed, and every promise is kept."""
    words: str
    """The stage, or the first promise that is broken."""


def waves_before(waves: Sequence[Wave], network: str) -> list[Wave]:
    """Those that must hold before anything happens on a network."""
    own = next(number for number, wave in enumerate(waves) if network in wave.networks)
    return list(waves[:own])


def judge_waves(waves: Sequence[Wave], network: str, standings: Mapping[str, Standing]) -> list[Finding]:
    """Earlier waves of which too few networks hold."""
    findings = []
    for number, wave in enumerate(waves_before(waves, network), 1):
        holding = [name for name in wave.networks if standings[name].holds]
        if len(holding) < wave.needed:
            others = ", ".join(f"{name}: {standings[name].words}" for name in wave.networks if name not in holding)
            message = f"of wave {number}, {len(holding)} of {wave.needed} networks hold; {others}"
            hint = "gov status and gov verify tell how they stand; what went wrong there is taken back by gov rollback"
            findings.append(Finding(rule="rollout-wave", message=message, hint=hint, path="rollout"))
    return findings
