"""`gov emergency drill`: on a fork of each network the pause is really sent, and timed.

With a bundle it is sent by the very command that an emergency would run, as a process of its own from a cold start, over a copy
of the bundle that knows no endpoint but the fork's. Without one the guardians approve as only a fork lets them.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from governance.apps import wiring
from governance.core.errors import Finding, Refused
from governance.core.units import Address

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.emergency.bundle import Place
    from governance.life.emergencydrill import After, Before
    from governance.life.site import Site

SCHEMA = "governance/emergency-drill/v1"
LEAST_PAUSES = 3
"""As many as the payer must be able to pay for: somebody else may have to press again."""
PATIENCE = 60.0
"""Seconds for the process that pauses the fork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who would pay."""

    address: Address
    key: Path | None = None
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """One network."""

    network: str
    how: str
    """`bundle` or `impersonated`."""
    seconds: float | None
    """From the command to the proof, as a cold process; None where no such process ran."""
    sent_after: float | None
    after: "After | None"
    pays_for: int | None
    """Pauses that the payer could pay for at three times the base fee; None where nobody is named."""
    payer: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """It holds."""
        return not self.findings


def drill(space: "FileWorkspace", network: str, place: "Place | None", payer: Payer | None) -> Drilled:
    """The drill of one network. What cannot even be tried is a finding."""
    from governance.adapters.anvil import require_anvil
    from governance.adapters.fork import forked

    how = "impersonated" if place is None else "bundle"
    real, url = wiring.site(space, network), wiring.endpoint(space, network)
    findings: list[Finding] = []
    try:
        with forked(url, require_anvil(space.root), chain_id=real.network.chain_id, mining=True) as fork:
            return _on(fork, space, real, place, payer, how)
    except Refused as error:
        findings += error.findings or (Finding(rule="drill-refused", message=error.message, hint=error.hint()),)
    return Drilled(
        network=network,
        how=how,
        seconds=None,
        sent_after=None,
        after=None,
        pays_for=None,
        payer="" if payer is None else payer.address,
        findings=tuple(findings),
    )


def _on(
    fork: str, space: "FileWorkspace", real: "Site", place: "Place | None", payer: Payer | None, how: str
) -> Drilled:
    from functools import partial

    from governance.adapters.chain import NodeChain
    from governance.adapters.simulate import NodeSimulator
    from governance.life import emergencydrill as life

    network = real.network
    build = partial(wiring.site_over, place=network)

    def fresh() -> tuple["Site", NodeSimulator]:
        node = NodeSimulator(fork, network.name, NodeChain(fork, network.chain_id, network.name))
        return build(node.chain), node

    site, node = fresh()
    ready = life.before(site, space, node, build)
    findings = list(ready.findings)
    pays_for, poor = _funding(fork, network.name, ready.gas, payer)
    findings += poor
    seconds = sent_after = None
    if place is None or payer is None or payer.key is None:
        _impersonated(fork, site, ready)
    else:
        seconds, sent_after, failed = _cold(fork, place, payer)
        findings += failed
    site, node = fresh()
    seen = life.after(ready, site, space, node, build)
    return Drilled(
        network=network.name,
        how=how,
        seconds=seconds,
        sent_after=sent_after,
        after=seen,
        pays_for=pays_for,
        payer="" if payer is None else payer.address,
        findings=(*findings, *seen.findings),
    )


def _funding(fork: str, network: str, gas: int, payer: Payer | None) -> tuple[int | None, Sequence[Finding]]:
    """The fork has what the network has: its balances, and the base fee of its newest block."""
    from governance.adapters.anvil import ask

    if payer is None:
        return None, ()
    balance = int(ask(fork, "eth_getBalance", payer.address, "latest"), 16)
    price = int(ask(fork, "eth_gasPrice"), 16)
    pays_for = balance // max(3 * price * gas, 1)
    if pays_for >= LEAST_PAUSES:
        return pays_for, ()
    message = f"{payer.address} can pay for {pays_for} pauses on {network}, of at least {LEAST_PAUSES}"
    return pays_for, (Finding(rule="drill-payer-poor", message=message, hint="send it some of the network's coin"),)


def _impersonated(fork: str, site: "Site", ready: "Before") -> None:
    from governance.adapters.fork import send_as
    from governance.life.script import safe_acts

    safe = site.guardian.look(ready.ground.stage.head)
    for act in safe_acts((safe.owners, safe.threshold), ready.tx, "pause"):
        send_as(fork, act.sent.sender, act.sent.call)


def _cold(fork: str, place: "Place", payer: Payer) -> tuple[float | None, float | None, list[Finding]]:
    """Seconds of the whole process, seconds to the broadcast by its own clock, and what it says when it fails."""
    import json

    from governance.emergency.bundle import Bundle, Endpoint, save

    assert payer.key is not None
    with TemporaryDirectory(prefix="gov-drill-") as made:
        password, file = secrets.token_hex(16), Path(made) / "drill.bundle"
        # No endpoint but the fork's: what is drilled must never reach a network.
        save(file, Bundle(places=(replace(place, endpoints=(Endpoint(url=fork),)),)), password)
        of_key, of_bundle = _line(payer.password), _line(password)
        words = [sys.executable, "-m", "governance.emergency", "pause", "--bundle", str(file), "--key", str(payer.key)]
        words += ["--password-fd", str(of_key), "--bundle-password-fd", str(of_bundle), "--broadcast", "--json"]
        begun = time.perf_counter()
        try:
            ended = subprocess.run(  # noqa: S603 - this very program
                words, pass_fds=(of_key, of_bundle), capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return None, None, [_failed(f"the pause is not done after {PATIENCE:.0f} s")]
        finally:
            for descriptor in (of_key, of_bundle):
                os.close(descriptor)
    seconds = time.perf_counter() - begun
    document: dict[str, Any] = json.loads(ended.stdout) if ended.stdout else {"message": "it says nothing"}
    outcome = document.get("networks", [document])[0]
    if ended.returncode or outcome.get("state") != "paused":
        return None, None, [_failed(f"the bundle does not pause: {outcome.get('words') or outcome.get('message')}")]
    return seconds, outcome["sent_after"], []


def _failed(message: str) -> Finding:
    return Finding(rule="drill-pause-fails", message=message, hint="presign anew, and see gov emergency show")


def _line(text: str) -> int:
    end, other = os.pipe()
    os.write(other, f"{text}\n".encode())
    os.close(other)
    return end


def document(each: Drilled) -> dict[str, Any]:
    """One network as JSON values, but for the findings."""
    seen = each.after
    return {
        "network": each.network,
        "ok": each.ok,
        "how": each.how,
        "seconds_to_pause": each.seconds,
        "seconds_to_broadcast": each.sent_after,
        "paused": seen is not None and seen.paused,
        "routed_calls": None if seen is None else seen.routed,
        "blocked_calls": None if seen is None else seen.blocked,
        "restored": seen is not None and seen.restored,
        "seconds_to_unpause": None if seen is None or seen.waits is None else seen.waits.seconds,
        "payer": each.payer or None,
        "payer_pays_for": each.pays_for,
    }


def lines(each: Drilled) -> list[str]:
    """For people."""
    sign, seen = "✓" if each.ok else "✗", each.after
    told = [f"{sign} {each.network}"]
    if each.seconds is not None and each.sent_after is not None:
        told.append(
            f"  sent {each.sent_after:.2f} s after the command, paused after {each.seconds:.2f} s, from a cold start"
        )
    elif seen is not None and seen.paused:
        told.append("  paused by guardians who were impersonated: give --bundle and --key for the time that it takes")
    if seen is not None and seen.paused:
        told.append(f"  {seen.blocked} of {seen.routed} routed calls are refused while it is paused")
        ends = (
            "nobody can end it" if seen.waits is None else f"the council ends it through the timelock in {seen.waits}"
        )
        told.append(f"  {ends}{', and everything answers as before' if seen.restored else ''}")
    if each.pays_for is not None:
        told.append(f"  {each.payer} can pay for {each.pays_for:,} pauses at three times the present fee")
    return [*told, *(f"  {finding}" for finding in each.findings)]
