"""A rehearsal of a proposal of five calls, and of fifty open ones with one another, beside what a team scripts itself.

All of them stand on one and the same local node, and must come to the same words in the governed system.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bench.forks import ForgeScript, Life, Words, fork, returned, scripted, scripted_together
from bench.harness import Contest, Contestant, contest
from bench.processes import command
from governance.adapters.anvil import require_anvil
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import PASSWORD
from governance.adapters.keys import KeystoreSigner
from governance.adapters.simulate import NodeSimulator
from governance.adapters.witness import safe_tx_hash_by_safe_eth
from governance.adapters.workspace import FileWorkspace
from governance.apps import devnet
from governance.apps.wiring import site_over
from governance.core.difference import Part
from governance.core.network import Network
from governance.core.plan import Plan, derive_plan
from governance.core.quorum import count
from governance.core.rehearsal import Rehearsal
from governance.core.safetx import execution
from governance.core.stacked import Stack
from governance.core.units import to_hex
from governance.life.draft import workspace_files
from governance.life.pin import kind_of, lock, plan_now
from governance.life.script import APPROVE
from governance.life.sign import prepare, sign
from governance.life.simulate import simulate
from governance.life.site import Site
from governance.life.stacked import stack

OURS = "gov simulate, in a warm process"
COLD = "gov simulate, from the start of its process"
FORKED = "a fork started for it, scripted"
READY = "a fork that stands ready, scripted"
FORGE = "forge script --fork-url"
STACKED = "gov simulate --all-pending, each pair in both orders"
IN_TURN = "a fork started for it, all in one order"
FIVE = "0001-five"
MANY = 50
SLOTS = (
    "0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce00",
    "0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce01",
    "0xec312d68a12eb7dea52897dabb546c058a11a871a44f345a4c84da8bba44fc00",
)
"""Fee, whether it was ever set, and treasury with its moment."""
PAYEES = ("0x000000000000000000000000000000000000dEaD", "0x00000000000000000000000000000000DeaDBeef")


def five_calls(fee: int = 35) -> str:
    """A proposal of five calls on the governed system, as JSON, which is YAML."""
    calls = [
        _call("setFee(uint256)", str(fee)),
        _call("setTreasury(address)", PAYEES[0]),
        _call("setFee(uint256)", str(fee + 5)),
        _call("setTreasury(address)", PAYEES[1]),
        _call("setFee(uint256)", str(fee + 10)),
    ]
    names = ("Burned", "Beef")
    return json.dumps(
        {
            "schema": "governance/v1",
            "title": f"Five calls, the fee ends at {fee + 10}",
            "author": "alice",
            "networks": ["devnet"],
            "kind": "contract_call",
            "summary": "Sets fee and treasury in steps. It is a measurement and was discussed nowhere.",
            "calls": calls,
            "rollback": [_call("setTreasury(address)", PAYEES[0]), _call("setFee(uint256)", "30")],
            "irreversible": "Neither was ever set before",
            "introduce": [
                {"address": payee, "name": name.lower(), "purpose": f"{name}, which receives what is earned"}
                for payee, name in zip(PAYEES, names, strict=True)
            ],
            "expect": [{"change": "target", "slot": slot, "becomes": "any"} for slot in SLOTS],
        }
    )


def _call(function: str, argument: str) -> dict[str, Any]:
    return {"to": "target", "function": function, "args": [argument], "value": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The node, and what stands on it."""

    url: str
    network: Network
    root: Path
    """Where the devnet's folder is, and the proposal of five calls."""
    many: Path
    """Another workspace under the same policy, with fifty."""

    def site(self) -> Site:
        """As a command makes it anew."""
        return site_over(NodeChain(self.url, self.network.chain_id, self.network.name), self.network)

    def rehearse(self) -> Rehearsal:
        """Ours, of one proposal: files read, everything asked anew."""
        site = self.site()
        simulator = NodeSimulator(self.url, self.network.name, site.chain)
        return simulate(site, FileWorkspace(self.root), simulator, partial(site_over, place=self.network), FIVE)

    def stack(self) -> Stack:
        """Ours, of fifty."""
        site = self.site()
        simulator = NodeSimulator(self.url, self.network.name, site.chain)
        return stack(site, FileWorkspace(self.many), simulator, partial(site_over, place=self.network))

    def sign(self, *names: str) -> None:
        """Lock the one proposal and let members sign it with the devnet's keystores."""
        site, space = self.site(), FileWorkspace(self.root)
        lock([site], space, FIVE, rehearse=None)
        for name in names:
            signer = KeystoreSigner.open(self.root / f".gov/devnet/keys/{name}.json", PASSWORD)
            sign(prepare(site, space, FIVE, safe_tx_hash_by_safe_eth, rehearse=None), signer, space)

    def life(self) -> Life:
        """The one proposal, in calldata."""
        site = self.site()
        return _life(site, plan_now(site, FileWorkspace(self.root), FIVE).plan)

    def lives(self) -> list[Life]:
        """The fifty, one nonce after another."""
        site, space = self.site(), FileWorkspace(self.many)
        found = []
        for index, proposal_id in enumerate(space.proposal_ids()):
            proposal, plan = space.proposal(proposal_id), plan_now(site, space, proposal_id).plan
            pins = replace(plan.pins, nonce=plan.pins.nonce + index)
            found.append(_life(site, derive_plan(proposal, kind_of(proposal), network=site.network, pins=pins)))
        return found


def _life(site: Site, plan: Plan) -> Life:
    (step,) = plan.steps
    assert step.operation is not None
    safe = site.council.look(site.chain.head())
    owners = safe.owners[: safe.threshold]
    quorum = count(step.safe_tx.hash, [], owners=safe.owners, threshold=safe.threshold, approved=frozenset(owners))
    return Life(
        safe=step.safe_tx.safe,
        timelock=site.network.timelock,
        target=site.network.target,
        owners=owners,
        approve=to_hex(APPROVE.selector + step.safe_tx.hash),
        schedule=to_hex(execution(step.safe_tx, quorum.blob()).data),
        execute=to_hex(step.operation.execute().data),
        delay=step.operation.delay.seconds,
    )


@contextmanager
def system() -> Iterator[Chain]:
    """A local node with a deployed system; it ends with the block."""
    with TemporaryDirectory() as folder:
        root, many = Path(folder) / "one", Path(folder) / "many"
        root.mkdir()
        (root / "policies.yaml").write_text(workspace_files()["policies.yaml"], "utf-8")
        report = devnet.up(root, None)
        try:
            _write(root, [35])
            many.mkdir()
            (many / "policies.yaml").write_text((root / "policies.yaml").read_text("utf-8"), "utf-8")
            _write(many, range(100, 100 + MANY))
            network = FileWorkspace(root).policy().networks["devnet"]
            yield Chain(url=report["url"], network=network, root=root, many=many)
        finally:
            devnet.down(root)


def _write(root: Path, fees: Any) -> None:
    space = FileWorkspace(root)
    space.proposals_folder.mkdir()
    for number, fee in enumerate(fees, 1):
        space.proposal_file(f"{number:04}-five").write_text(five_calls(fee), "utf-8")


@contextmanager
def rehearsals() -> Iterator[tuple[Callable[[int], Contest], Callable[[int], Contest]]]:
    """Gives `rounds -> Contest`, of one proposal and of fifty."""
    with system() as chain, TemporaryDirectory() as folder:
        anvil, life, forge = require_anvil(Path()), chain.life(), ForgeScript(Path(folder))
        with fork(anvil, chain.url) as ready:
            expected = _ours(chain)
            gov = [sys.executable, "-c", "import sys; from governance.apps.cli import main; sys.exit(main())"]
            cold = command([*gov, "simulate", FIVE, "--workspace", str(chain.root)])

            def forked() -> float:
                start = perf_counter()
                with fork(anvil, chain.url) as node:
                    found = scripted(node, life)
                    seconds = perf_counter() - start
                _require_same(found[0], expected)
                return seconds

            def again() -> float:
                kept = ready.ask("evm_snapshot")
                start = perf_counter()
                found = scripted(ready, life)
                seconds = perf_counter() - start
                assert ready.ask("evm_revert", kept) is True
                _require_same(found[0], expected)
                return seconds

            def script() -> float:
                seconds, said = forge.run(chain.url, life)
                assert returned(said)["fee"] == "45", said
                return seconds

            one = [
                Contestant(name=OURS, once=_timed(chain.rehearse)),
                Contestant(name=COLD, once=cold),
                Contestant(name=READY, once=again),
                Contestant(name=FORKED, once=forked),
                Contestant(name=FORGE, once=script),
            ]
            measures = (
                "five calls on one local node: approvals, scheduling, too early, execution, every changed word. Ours also "
                "reads who governs before and after, rehearses the rollback and the emergency drill, and inspects; the "
                "fork and the script do not. forge has compiled before"
            )
            lives = chain.lives()

            def in_turn() -> float:
                start = perf_counter()
                with fork(anvil, chain.url) as node:
                    scripted_together(node, lives)
                    return perf_counter() - start

            many = [Contestant(name=STACKED, once=_timed(chain.stack)), Contestant(name=IN_TURN, once=in_turn)]
            of_many = (
                f"{MANY} open proposals of five calls each that write the same words. Ours plays {MANY * (MANY - 1)} "
                "orders of two, and whether each could still be queued; the fork plays one order of all"
            )
            yield (
                lambda rounds: contest("Rehearsal of one proposal", measures, one, rounds=rounds),
                lambda rounds: contest(f"Rehearsal of {MANY} open proposals", of_many, many, rounds=rounds),
            )


def _ours(chain: Chain) -> Words:
    """What ours says that the governed system's words become; and that both of ours are worth comparing."""
    found, stacked = chain.rehearse(), chain.stack()
    assert (found.findings, stacked.left_out) == ((), {}), (found.findings, stacked.left_out)
    assert (len(stacked.proposals), len(stacked.findings)) == (MANY, MANY * (MANY - 1) // 2)
    target = chain.network.target
    return {to_hex(c.slot): to_hex(c.after) for c in found.changes if (c.account, c.part) == (target, Part.STORAGE)}


def _require_same(words: Words, expected: Words) -> None:
    """The same slots with the same words; of the treasury's, the half that holds no moment."""

    def known(given: Words) -> dict[str, int]:
        return {slot: int(word, 16) % (1 << (160 if slot == SLOTS[2] else 256)) for slot, word in given.items()}

    assert known(words) == known(expected), "the fork came to other words"


def _timed(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        start = perf_counter()
        work()
        return perf_counter() - start

    return once
