"""Initialisers of a facet: which functions they are, with what they are tried, and what must come of it.

A name tells an initialiser, in an ABI or, without one, by the selectors of the names that are usual. Values are made up, and
a function may refuse them for what they are: that it reverts proves less than that it passes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.artifact import Artifact
from governance.core.call import Function, encode_call, function
from governance.core.errors import Finding, Rejected
from governance.core.keccak import selector
from governance.core.units import ZERO_ADDRESS, Address

_NAME = re.compile(r"(re)?init(iali[sz]er?)?(V?\d\w*|[A-Z_]\w*)?|set[uU]p([A-Z_\d]\w*)?|__\w+_init(_unchained)?")
_USUAL = ("initialize", "init", "reinitialize", "setUp", "setup")
"""Names that are tried for a facet without an artifact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One function that may change something, to be called twice in a row by somebody."""

    facet: str
    signature: str
    sender: Address
    stranger: bool
    """The sender is nobody; otherwise the timelock."""
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A probe and whether its first and its second call passed."""

    probe: Probe
    first: bool
    second: bool


def is_initializer(signature: str) -> bool:
    """Whether its name says that it sets something up."""
    return _NAME.fullmatch(signature.partition("(")[0]) is not None


def changing(artifact: Artifact) -> list[str]:
    """Signatures of all functions that may change something."""
    views = {entry["name"] for entry in artifact.abi if entry.get("stateMutability") in {"view", "pure"}}
    return [signature for signature in artifact.selectors if signature.partition("(")[0] not in views]


def usual(found: Mapping[bytes, str]) -> list[str]:
    """The initialisers among functions of which only selectors and guessed argument types are known."""
    named = ((each, f"{name}({types})") for each, types in found.items() for name in _USUAL)
    return [signature for each, signature in named if selector(signature) == each]


def speakable(signatures: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those that can be called, and those with types that calls are not made of here, such as `function`."""
    fine, strange = [], []
    for signature in signatures:
        try:
            function(signature)
        except Rejected:
            strange.append(signature)
        else:
            fine.append(signature)
    return fine, strange


def probes(facet: str, signatures: Sequence[str], *, stranger: Address, admin: Address) -> list[Probe]:
    """Every function by a stranger, and initialisers by the admin too; with zeros, and with other values."""
    return [
        Probe(facet=facet, signature=signature, sender=sender, stranger=sender == stranger, data=data)
        for signature in signatures
        for sender in ((stranger, admin) if is_initializer(signature) else (stranger,))
        for data in _calldata(function(signature), sender)
    ]


def judge_probes(tried: Sequence[Tried]) -> list[Finding]:
    """Initialisers that a stranger can call, and those that anybody can call twice."""
    found: dict[tuple[str, str], Finding] = {}
    for each in tried:
        probe = each.probe
        if not (each.first and is_initializer(probe.signature)):
            continue
        if probe.stranger:
            message = f"{probe.signature} of {probe.facet} passes when a stranger calls it"
            hint = "guard it, or call it in the very batch that routes to it"
            found["open-initializer", message] = Finding(rule="open-initializer", message=message, hint=hint)
        if each.second:
            message = f"{probe.signature} of {probe.facet} passes a second time"
            hint = "let it revert once it was called"
            found["reinitializer", message] = Finding(rule="reinitializer", message=message, hint=hint)
    return list(found.values())


def open_to_anyone(tried: Sequence[Tried]) -> list[str]:
    """Other functions that passed when a stranger called them: what a reviewer should have meant."""
    passed = (each.probe for each in tried if each.first and each.probe.stranger)
    return list(dict.fromkeys(probe.signature for probe in passed if not is_initializer(probe.signature)))


def _calldata(fn: Function, sender: Address) -> list[bytes]:
    made = []
    for filled in (False, True):
        arguments = [_value(abi_type, sender, filled=filled) for abi_type in fn.inputs]
        made.append(encode_call(fn, arguments))
    return list(dict.fromkeys(made))


def _value(abi_type: str, sender: Address, *, filled: bool) -> Any:
    from eth_abi.grammar import parse

    return _made(parse(abi_type), sender, filled=filled)


def _made(parsed: Any, sender: Address, *, filled: bool) -> Any:
    """A value of an eth-abi type: zero and empty, or one of each."""
    if parsed.is_array:
        sizes: tuple[int, ...] = parsed.arrlist[-1]
        count = sizes[0] if sizes else int(filled)
        return [_made(parsed.item_type, sender, filled=filled) for _ in range(count)]
    if hasattr(parsed, "components"):
        return tuple(_made(each, sender, filled=filled) for each in parsed.components)
    made: dict[str, Any] = {
        "address": sender if filled else ZERO_ADDRESS,
        "bool": filled,
        "bytes": bytes(parsed.sub or 0),
        "string": "gov" if filled else "",
    }
    return made.get(parsed.base, int(filled))
