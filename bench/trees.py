"""The Merkle root of many routes, from values in memory to 32 bytes."""

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench.harness import Contest, Contestant, Unavailable, contest
from governance.core.facts import Route
from governance.core.merkle import Odd, Profile, leaves, root
from governance.core.units import Bytes32, checksummed

SCRIPT = Path(__file__).parent / "merkle.mjs"
PACKAGE = "@openzeppelin/merkle-tree"
OURS, OURS_DEPLOYED = "governance.core.merkle, profile C", "governance.core.merkle, profile B"
OPENZEPPELIN, PLAIN = f"{PACKAGE} (node)", "eth-abi and eth-utils"
PER_FACET = 64
"""Routes to one facet, the field's limit."""


@contextmanager
def merkle_roots(*, package_json: Path) -> Iterator[Callable[[int, int], Contest]]:
    """Gives `(count, rounds) -> Contest` for up to 100,000 routes. The node process lives as long as the context."""
    routes = made(100_000)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "routes.json"
        file.write_text(json.dumps([["0x" + r.selector.hex(), r.facet, "0x" + r.code_hash.hex()] for r in routes]))
        with _Node(package_json, file) as node:
            yield lambda count, rounds: _contest(routes[:count], node, rounds)


def made(count: int) -> list[Route]:
    """Routes with selectors ascending; the same on every machine."""
    dice = random.Random(count)
    facets = [(checksummed(dice.randbytes(20)), Bytes32(dice.randbytes(32))) for _ in range(-(-count // PER_FACET))]
    return [
        Route(selector=(i + 1).to_bytes(4, "big"), facet=facets[i // PER_FACET][0], code_hash=facets[i // PER_FACET][1])
        for i in range(count)
    ]


def _contest(routes: Sequence[Route], node: "_Node", rounds: int) -> Contest:
    from bench.plain import root as plain_root
    from bench.plain import standard_root

    few = routes[:1001]
    assert plain_root(few) == root(leaves(Profile.C, few), Profile.C, Odd.PROMOTE), "the two of profile C disagree"
    if not node.reason:
        assert node.build(len(few))["root"] == "0x" + standard_root(few).hex(), "node hashed something else"
    contestants = [
        Contestant(name=OURS, once=_timed(lambda: root(leaves(Profile.C, routes), Profile.C, Odd.PROMOTE))),
        Contestant(name=OURS_DEPLOYED, once=_timed(lambda: root(leaves(Profile.B, routes), Profile.B, Odd.PROMOTE))),
        Contestant(name=OPENZEPPELIN, once=lambda: float(node.build(len(routes))["seconds"])),
        Contestant(name=PLAIN, once=_timed(lambda: plain_root(routes))),
    ]
    measures = (
        "from routes in memory to the root. All hash (bytes4, address, bytes32) leaves twice and nodes once, "
        "but OpenZeppelin's also sorts leaves and pairs, so its root differs"
    )
    return contest(f"Merkle root of {len(routes):,} routes", measures, contestants, rounds=rounds)


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        start = perf_counter()
        work()
        return perf_counter() - start

    return once


class _Node:
    """OpenZeppelin's library in one warm node process, which says itself how long it took."""

    def __init__(self, package_json: Path, routes: Path) -> None:
        self.reason = _missing(package_json)
        self._command = ["node", str(SCRIPT), str(package_json), str(routes)]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "_Node":
        if not self.reason:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def build(self, count: int) -> dict[str, Any]:
        """Build once: `seconds` and `root`."""
        if self._process is None:
            raise Unavailable(self.reason)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _missing(package_json: Path) -> str:
    if shutil.which("node") is None:
        return "node is not installed"
    if not (package_json.parent / "node_modules" / PACKAGE).exists():
        return f"{PACKAGE} is not in {package_json.parent.name}/node_modules: run npm ci there"
    return ""
