"""Manifest files on disk."""

import pytest

from governance.adapters import manifests
from governance.adapters.manifests import load_manifest, parse_json
from governance.core.errors import Rejected
from governance.core.merkle import Odd, Profile, leaves, root
from tests.core.published import VECTORS


def test_the_published_manifest_is_read_from_disk():
    file = load_manifest(VECTORS / "payrox-v1-manifest.json", shown_as="release.json")
    assert len(file.routes) == 114
    assert root(leaves(Profile.A, file.demand()), Profile.A, Odd.PROMOTE) == file.root


def test_numbers_stay_the_text_that_was_written():
    text = '{"a": 1.50, "b": 115792089237316195423570985008687907853269984665640564039457584007913129639936, "c": -0}'
    wanted = {"a": "1.50", "b": str(1 << 256), "c": "-0"}
    assert parse_json(text, shown_as="m") == wanted


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": {"b": 1, "b": 2}}', "key `b` twice"),
        ('{"a": NaN}', "says NaN"),
        ('{"a": -Infinity}', "says -Infinity"),
        ('{"a": 1', "m:1:8 is not JSON"),
        ('{"a": 1} {}', "m:1:10 is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_parsers_disagree_about_is_refused(text, complaint):
    with pytest.raises(Rejected, match=complaint):
        parse_json(text, shown_as="m")


def test_files_that_cannot_be_read_are_refused(tmp_path, monkeypatch):
    with pytest.raises(Rejected, match="cannot be read: No such file"):
        load_manifest(tmp_path / "none.json", shown_as="none.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(Rejected, match="not UTF-8 at byte 7"):
        load_manifest(tmp_path / "latin.json", shown_as="latin.json")
    monkeypatch.setattr(manifests, "MAX_BYTES", 1024 * 1024)
    (tmp_path / "big.json").write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(Rejected, match="larger than 1 MiB"):
        load_manifest(tmp_path / "big.json", shown_as="big.json")
