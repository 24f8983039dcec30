"""`python -m bench`: every contest, then the aims. Takes about four minutes and asks no network.

The first run installs safe-cli into `.venv-bench` and policy engines into `.venv-bench-policy`, from hash-pinned packages;
that asks the package index once.
"""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

# Others get the C keccak as well: what is compared is their code, not their default backend.
os.environ["ETH_HASH_BACKEND"] = "pysha3"

from bench import decisions, emergency, execution, processes, rehearsals, reviews, safehash, signatures, ticks, trees
from bench.harness import Contest
from bench.report import Aim, aims_text, below, contest_text, faster, value

PARTS = ("processes", "hash", "signatures", "merkle", "policy", "check", "rehearsal", "tick", "emergency")
PACKAGE_JSON = processes.REPOSITORY / "contracts" / "package.json"


def main() -> None:
    """Run, print as it goes, and say which aims are met."""
    options = _options()
    contests, aims = [], []
    for part in options.only:
        for contest, its_aims in PART[part](options.package_json):
            contests.append(contest)
            aims.extend(its_aims)
            if not options.json:
                print(contest_text(contest), end="\n\n", flush=True)
    print(json.dumps(value(contests, aims), indent=2) if options.json else aims_text(aims))


def _processes(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    cold = processes.cold(rounds=15)
    help_ = cold.named(processes.GOV)
    yield (
        cold,
        [
            below(help_, 0.15, "gov --help answers in less than 150 ms"),
            faster(cold, processes.SAFE_CLI, 10, "gov --help is 10× faster than safe-cli --help"),
        ],
    )


def _hash(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    warm = safehash.safe_hash(rounds=15)
    yield warm, [faster(warm, safehash.SAFE_ETH, 10, "a Safe hash is 10× faster than safe-eth-py's")]


def _signatures(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    counted = signatures.fifteen(rounds=15)
    text = f"{signatures.OWNERS} signatures are counted and combined no slower than by safe-eth-py"
    yield counted, [faster(counted, signatures.SAFE_ETH, 1, text)]
    asked = signatures.commands(rounds=9)
    yield asked, [below(asked.named(signatures.SIGN_HELP), 0.25, "gov sign --help answers in less than 250 ms")]


def _merkle(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    with trees.merkle_roots(package_json=package_json) as roots:
        yield roots(10_000, 7), []
        large = roots(100_000, 5)
        text = "a root of 100,000 routes is 50× faster than OpenZeppelin's library"
        yield large, [faster(large, trees.OPENZEPPELIN, 50, text)]


def _policy(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    with decisions.decisions() as (judged, asked):
        yield (
            judged,
            [faster(judged, decisions.CASBIN, 10, "a judgement with every violation is 10× faster than pycasbin")],
        )
        text = f"who may propose among {decisions.RULES} rules is answered 1000× faster than by pycasbin"
        yield asked, [faster(asked, decisions.CASBIN, 1000, text)]


def _check(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    with reviews.reviews() as run:
        reviewed = run(7)
        thousand, few = (reviewed.named(reviews.many(count)) for count in (1000, 250))
        growth = 250 * thousand.seconds / few.seconds / 1000
        yield (
            reviewed,
            [
                below(
                    reviewed.named(reviews.BATCH),
                    0.003,
                    "gov check of a batch of 20 actions takes less than 3 ms, warm",
                ),
                below(thousand, 5, "gov check of 1,000 proposals takes less than 5 s"),
                Aim(
                    text="a proposal among 1,000 takes as long as one among 250, but for a fifth",
                    measured=growth,
                    bound=1.2,
                    at_least=False,
                    unit="×",
                ),
            ],
        )


def _rehearsal(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    with rehearsals.rehearsals() as (one, many):
        rehearsed = one(15)
        text = "a rehearsal of five calls takes less than 50 ms, warm, on a local node"
        yield rehearsed, [below(rehearsed.named(rehearsals.OURS), 0.05, text)]
        stacked = many(3)
        text = f"{rehearsals.MANY} open proposals are played with one another in less than 3 s"
        yield stacked, [below(stacked.named(rehearsals.STACKED), 3, text)]


def _tick(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    with ticks.ticks() as (measured, round_trips):
        idle, trips = measured(9), max(round_trips().values())
        most = ticks.PENDING[-1]
        ours, loops = (median(blocks) for blocks in execution.blocks_until_mined())
        yield (
            idle,
            [
                Aim(text="an idle tick is one round trip", measured=trips, bound=2, at_least=False, unit=""),
                Aim(
                    text="an operation is executed in the first block that may",
                    measured=ours,
                    bound=0.5,
                    at_least=False,
                    unit=" blocks later",
                ),
                Aim(
                    text="which is sooner than by a loop that looks at the newest block",
                    measured=loops - ours,
                    bound=1,
                    at_least=True,
                    unit=" blocks",
                ),
                Aim(
                    text=f"a tick costs no more while {most:,} wait than while one does, but for a fifth",
                    measured=ticks.growth(idle),
                    bound=1.2,
                    at_least=False,
                    unit="×",
                ),
            ],
        )


def _emergency(package_json: Path) -> Iterator[tuple[Contest, list[Aim]]]:
    del package_json
    with emergency.emergencies() as paused:
        text = "an emergency pause is broadcast less than 2 s after the command, from a cold start"
        yield paused, [below(paused.named(emergency.OURS), 2, text)]


PART = {
    "processes": _processes,
    "hash": _hash,
    "signatures": _signatures,
    "merkle": _merkle,
    "policy": _policy,
    "check": _check,
    "rehearsal": _rehearsal,
    "tick": _tick,
    "emergency": _emergency,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some contests")
    parser.add_argument(
        "--package-json",
        type=Path,
        default=PACKAGE_JSON,
        help="the package.json beside whose node_modules the JavaScript packages are",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
