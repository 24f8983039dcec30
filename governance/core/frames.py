"""A text in numbered parts that fit into QR codes, and back: `GOV1/2/5/1C291CA3/…`.

Part and count, the first eight digits of keccak256 over the whole text, and a piece of its base32, in the alphabet of
QR's alphanumeric mode. Parts may be read in any order and several times; what is missing, foreign or damaged is told,
each part of it. The checksum finds mistakes of reading, not deceit: what is carried proves itself.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Sequence

from governance.core.errors import Finding, Rejected
from governance.core.keccak import keccak
from governance.core.units import shown

ROOM = 400
"""Digits of a part: QR version 13 at level M, 69 by 69, which a screen of 80 columns shows and a phone reads."""
MAX_PARTS = 200
MAX_TEXT = 256 << 10
"""Bytes of a text, as of every document here."""

_PART = re.compile(r"GOV1/([1-9][0-9]{0,2})/([1-9][0-9]{0,2})/([0-9A-F]{8})/([A-Z2-7]{1,4096})")


def is_framed(text: str) -> bool:
    """Whether a text is parts, one a line, rather than the document itself."""
    return text.lstrip().startswith("GOV1/")


def framed(text: str) -> tuple[str, ...]:
    """The parts of a text. Raises Rejected when it is too long to be read off a screen."""
    raw = text.encode("utf-8")
    digits = base64.b32encode(zlib.compress(raw, 9)).decode("ascii").rstrip("=")
    pieces = [digits[i : i + ROOM] for i in range(0, len(digits), ROOM)]
    if len(pieces) > MAX_PARTS or len(raw) > MAX_TEXT:
        raise Rejected(f"this would be {len(pieces)} QR codes", hint="carry it as a file")
    mark = _mark(raw)
    return tuple(f"GOV1/{i}/{len(pieces)}/{mark}/{piece}" for i, piece in enumerate(pieces, 1))


def unframed(lines: Sequence[str]) -> str:
    """The text of parts in any order. Raises Rejected with everything that is missing or does not belong."""
    findings: list[Finding] = []
    pieces: dict[int, str] = {}
    heads: set[tuple[int, str]] = set()
    for number, line in enumerate(lines, 1):
        match = _PART.fullmatch(line.strip())
        if match is None:
            findings.append(_fault(f"line {number} is no part: `{shown(line)}`"))
            continue
        part, count, mark, piece = int(match[1]), int(match[2]), match[3], match[4]
        heads.add((count, mark))
        if part > count or pieces.setdefault(part, piece) != piece:
            findings.append(_fault(f"line {number} does not belong to the others as part {part} of {count}"))
    if len(heads) > 1:
        findings.append(_fault(f"these are parts of {len(heads)} texts"))
    if len(heads) == 1:
        count = next(iter(heads))[0]
        findings += [_fault(f"part {part} of {count} is missing") for part in range(1, count + 1) if part not in pieces]
    if findings or not heads:
        raise Rejected("the parts do not make a text", hint="read every QR code once more", findings=tuple(findings))
    return _joined("".join(pieces[part] for part in sorted(pieces)), next(iter(heads))[1])


def _joined(digits: str, mark: str) -> str:
    reader = zlib.decompressobj()
    try:
        raw = reader.decompress(base64.b32decode(digits + "=" * (-len(digits) % 8)), MAX_TEXT)
        text = raw.decode("utf-8")
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise Rejected("the parts are damaged", hint="read every QR code once more") from error
    if not reader.eof or _mark(raw) != mark:
        raise Rejected("the parts are damaged", hint="read every QR code once more")
    return text


def _mark(raw: bytes) -> str:
    return keccak(raw).hex()[:8].upper()


def _fault(message: str) -> Finding:
    return Finding(rule="qr-part", message=message)
