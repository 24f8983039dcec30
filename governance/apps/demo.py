"""`make demo`: the main job, from a reviewed YAML file to a verified effect, on real contracts and a real node.

It types the same commands a council would, in a scratch workspace under `.gov/demo`, and ends the chain it started. The
commands run in this one process, so that libraries are imported once.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from governance.apps.cli import app
from governance.apps.cli.common import tell_error
from governance.core.errors import GovError, Refused

SCRATCH = Path(".gov/demo")
PROPOSAL = "0001-swap-fee-facet"
SIGNERS = ("alice", "carol", "erin")
DEVNET_PASSWORD = SCRATCH / ".gov/devnet/password"


def main() -> None:
    """Run the demo; the exit code says whether the swap was verified."""
    started = time.monotonic()
    _fresh_workspace()
    try:
        _run("devnet", "up")
        try:
            lock, sent = _life()
        finally:
            _run("devnet", "down")
    except GovError as error:
        tell_error(error)
        sys.exit(error.exit_code)
    _summary(lock, sent, time.monotonic() - started)


def _fresh_workspace() -> None:
    if (SCRATCH / "policies.yaml").exists():
        with redirect_stdout(StringIO()):
            _call("devnet", "down")
        shutil.rmtree(SCRATCH)
    (SCRATCH / "proposals").mkdir(parents=True)
    shutil.copy("policies.yaml", SCRATCH)
    shutil.copy(f"proposals/{PROPOSAL}.yaml", SCRATCH / "proposals")


def _life() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []
    _run("check")
    _run("lock", PROPOSAL)
    lock = json.loads((SCRATCH / f"proposals/{PROPOSAL}.lock.json").read_text(encoding="utf-8"))
    hashes = [s["safe_tx"]["safe_tx_hash"] for s in lock["networks"]["devnet"]["plan"]["steps"]]
    confirmed = [part for one in hashes for part in ("--confirm", one)]
    for name in SIGNERS:
        _run("sign", PROPOSAL, *_key(name), *confirmed)
    _run("signatures", PROPOSAL)
    sent += _act("queue")
    _run("status")
    _refused("execute", PROPOSAL, *_key("executor"), "--broadcast")
    _run("devnet", "warp", "48h")
    _run("status")
    sent += _act("execute")
    _run("verify", PROPOSAL)
    _run("history", PROPOSAL)
    return lock, sent


def _act(command: str) -> list[dict[str, Any]]:
    """Run a command that sends; show what it shows, keep the receipts."""
    _say(command, PROPOSAL, *_key("executor"), "--broadcast")
    kept = StringIO()
    with redirect_stdout(kept):
        _call(command, PROPOSAL, *_key("executor"), "--broadcast", "--json")
    (network,) = json.loads(kept.getvalue())["networks"]
    return list(network["receipts"])


def _key(name: str) -> tuple[str, ...]:
    return ("--key", str(SCRATCH / f".gov/devnet/keys/{name}.json"), "--password-fd", "@")


def _run(*words: str) -> None:
    _say(*words)
    _call(*words)


def _refused(*words: str) -> None:
    """Run a command that must be refused; anything else is a fault of ours."""
    _say(*words)
    try:
        _call(*words)
    except Refused as error:
        tell_error(error)
        return
    raise AssertionError(f"gov {' '.join(words)} was not refused")


def _say(*words: str) -> None:
    shown = " ".join(word if word != "@" else "3 3< .gov/devnet/password" for word in words)
    shown = shown.replace(f"{SCRATCH}/", "")
    for hidden in (word for word in words if word.startswith("0x")):
        shown = shown.replace(hidden, f"{hidden[:10]}…")
    print(f"\n$ gov {shown}", flush=True)  # noqa: T201 - this is the demo's page


def _call(*words: str) -> None:
    """Invoke the command line in this process, with the devnet's password on a file descriptor."""
    handed = list(words)
    if "@" in handed:
        handed[handed.index("@")] = str(os.open(DEVNET_PASSWORD, os.O_RDONLY))
    result = app([*handed, "--workspace", str(SCRATCH)], standalone_mode=False)
    if isinstance(result, int) and result != 0:
        raise SystemExit(result)


def _summary(lock: dict[str, Any], sent: Sequence[dict[str, Any]], seconds: float) -> None:
    entry = lock["networks"]["devnet"]
    (step,) = entry["plan"]["steps"]
    tx = step["safe_tx"]
    facets = {pin["address"]: pin["reference"] for pin in entry["pins"]["facets"]}
    lines = ["", "done: a facet swap went from a reviewed file to the chain", ""]
    new = next(iter(facets))
    for route in entry["pins"]["target"]["routes"]:
        if route["selector"] in _swapped(entry):
            lines.append(f"  {route['selector']}  {route['facet']}  →  {new} ({facets[new]})")
    lines += [
        f"  operation id   {step['operation']['id']}",
        f"  domain hash    {tx['domain_hash']}",
        f"  message hash   {tx['message_hash']}",
        f"  safe tx hash   {tx['safe_tx_hash']}",
        *(f"  {one['act']:<20} {one['gas_used']:>9,} gas, block {one['block']}" for one in sent),
        f"  {seconds:.1f} s",
    ]
    print("\n".join(lines))  # noqa: T201 - this is the demo's page


def _swapped(entry: dict[str, Any]) -> set[str]:
    """The selectors that the pinned facet implements and that were routed elsewhere before."""
    (pin,) = entry["pins"]["facets"]
    return {r["selector"] for r in entry["pins"]["target"]["routes"] if r["selector"] in pin["selectors"]}


if __name__ == "__main__":
    main()
