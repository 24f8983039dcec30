"""Coverage-guided fuzzing of documents with atheris, which is no dependency: `python -m tests.fuzz.documents [SECONDS]`.

Seeds are the hostile corpus and everything under `seeds/`; what fails is written to `crash-…` in the current folder and
belongs into `seeds/` once it is mended.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOKENS = [
    *("schema", "governance/v1", "governance/policy/v1", "title", "author", "networks", "kind", "summary", "expect"),
    *("facet_swap", "contract_call", "manifest_upgrade", "emergency_pause", "cancel", "calls", "changes", "routes"),
    *("replace", "selectors", "remove", "target", "function", "args", "value", "setFee(uint256)", "FeeFacet@2"),
    *("members", "roles", "rules", "approvals", "at_least", "threshold", "delay", "48 h", "0x", "<<", "!!", "&a", "*a"),
    *("%YAML 1.2", "---", "...", "? ", ": ", "- ", "|2-", ">+", "\\u202e", "\\x00", "\\N", "\\L", "\r", "\u2028", "е"),
]
"""Words of the grammar, which chance alone takes long to find."""


def seeds() -> list[Path]:
    """Every document that starts a mutation."""
    folders = [ROOT / "tests/documents", ROOT / "tests/documents/hostile", HERE / "seeds", ROOT / "proposals"]
    folders.append(ROOT / "governance/life/templates")
    return [file for folder in folders for file in sorted(folder.glob("*.yaml")) if file.stat().st_size < 64 << 10]


def main() -> int:
    """Fuzz until the time is over or something does not hold."""
    try:
        import atheris
    except ImportError:
        sys.stderr.write("atheris is not installed: see tests/fuzz/README.md\n")
        return 2
    with atheris.instrument_imports(include=["governance"]):
        from tests.fuzz.invariants import outcome

    def one(raw: bytes) -> None:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return
        outcome(text)

    work = Path(tempfile.mkdtemp(prefix="gov-fuzz-"))
    corpus, words = work / "corpus", work / "words"
    corpus.mkdir()
    for file in seeds():
        (corpus / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    escaped = ("".join(f"\\x{byte:02x}" for byte in token.encode("utf-8")) for token in TOKENS)
    words.write_text("".join(f'"{token}"\n' for token in escaped), "ascii")
    seconds = sys.argv[1] if len(sys.argv) > 1 else "180"
    limits = [f"-max_total_time={seconds}", "-timeout=2", "-rss_limit_mb=1024", "-max_len=16384", f"-dict={words}"]
    sys.stderr.write(f"fuzzing for {seconds} s in {work}, process {os.getpid()}\n")
    atheris.Setup([sys.argv[0], *limits, str(corpus)], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
