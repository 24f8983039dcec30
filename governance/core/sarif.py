"""Findings as SARIF 2.1.0, which code hosts show beside the lines of a pull request.

The same findings give the same bytes: there is no time, no machine and no absolute path in a report. A finding without
a place, such as one about a lock file, is shown at the first line of the document that it speaks of.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from governance.core.errors import Finding, Place

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""What the paths are relative to, by the name that code hosts know."""

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
"""Bytes that a URI's path has as they are (RFC 3986)."""


def report(findings: Iterable[tuple[str, Finding]], *, version: str) -> str:
    """The text of a report on (file, finding) pairs; the file stands in for findings without a place."""
    pairs = [(finding.place or Place(file=file, line=1, column=1), finding) for file, finding in findings]
    rules = sorted({finding.rule for _, finding in pairs})
    driver = {"name": "gov", "version": version, "rules": [_rule(rule, pairs) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The workspace, with policies.yaml"}}},
        "results": [_result(place, finding, rules) for place, finding in pairs],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _rule(rule: str, pairs: Sequence[tuple[Place, Finding]]) -> dict[str, Any]:
    """A rule with the hints of its findings as help."""
    hints = dict.fromkeys(finding.hint for _, finding in pairs if finding.rule == rule and finding.hint)
    text = "\n".join(hints) or "Read the finding, and change the document or the policy."
    return {
        "id": rule,
        "shortDescription": {"text": rule.replace("-", " ")},
        "help": {"text": text},
        "defaultConfiguration": {"level": "error"},
    }


def _result(place: Place, finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    path = f"{finding.path}: " if finding.path else ""
    hint = f"\n{finding.hint}" if finding.hint else ""
    region = {"startLine": place.line, "startColumn": place.column}
    artifact = {"uri": _uri(place.file), "uriBaseId": ROOT}
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": "error",
        "message": {"text": f"{path}{finding.message}{hint}"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }


def _uri(path: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in path.encode("utf-8", "replace"))
