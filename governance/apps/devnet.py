"""The devnet composed: a fresh chain, the description deployed on it as on any network, addresses in `policies.yaml`.

When anything fails, the chain is ended: a devnet is either whole or not there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.adapters import policyedit
from governance.adapters.devnet import CHAIN_ID, NETWORK, DevnetFolder, Running, UnlockedSender, head_time
from governance.adapters.devnet import warp as warp_clock
from governance.apps.deployment import POLICIES, deploy, described, planned, prepare
from governance.core.errors import Finding, Refused, Rejected
from governance.core.network import Network
from governance.core.units import Address, Duration, to_hex

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.deployment import Description

SCHEMA = "governance/devnet/v1"


def up(workspace: Path, given: Path | None) -> dict[str, Any]:
    """Start a chain and deploy on it, unless one is up. The report says which."""
    from governance.adapters.anvil import require_anvil

    folder = DevnetFolder(workspace)
    with folder.locked():
        running = folder.running()
        if running is not None:
            return {**_report(workspace, running), "already_up": True}
        wanted = described(given)
        _require_policies(workspace)
        running = folder.start(require_anvil(workspace))
        try:
            deployed = _deploy(workspace, folder, running, wanted)
        except BaseException:
            folder.stop()
            raise
        return {**_report(workspace, running), "already_up": False, **deployed}


def down(workspace: Path) -> dict[str, Any]:
    """End the chain and remove its folder."""
    folder = DevnetFolder(workspace)
    with folder.locked():
        return {"schema": SCHEMA, "up": False, "was_up": folder.stop()}


def status(workspace: Path) -> dict[str, Any]:
    """Whether a chain is up, where, and what stands on it."""
    running = DevnetFolder(workspace).running()
    return {"schema": SCHEMA, "up": False} if running is None else _report(workspace, running)


def warp(workspace: Path, by: Duration) -> dict[str, Any]:
    """Move the chain's clock forward."""
    running = DevnetFolder(workspace).running()
    if running is None:
        raise Refused("no devnet is up here", hint="gov devnet up")
    return {"schema": SCHEMA, "up": True, "warped_by": by.seconds, "time": str(warp_clock(running, by))}


def show(report: Mapping[str, Any]) -> "RenderableType":
    """The report for people."""
    from rich.table import Table

    if "addresses" not in report:
        return _sentence(report)
    table = Table(title=_sentence(report), title_justify="left", show_header=False, box=None)
    table.add_row("endpoint", f"{report['url']}  (chain {report['chain_id']}, pid {report['pid']})")
    table.add_row("time", report["time"])
    for name, account in report["addresses"].items():
        table.add_row(name.replace("_", " "), account)
    table.add_row("keys", report["keys"])
    return table


def _require_policies(workspace: Path) -> None:
    if not (workspace / POLICIES).exists():
        raise Rejected(f"{workspace / POLICIES} does not exist", hint="make a workspace with gov init")


def _deploy(workspace: Path, folder: DevnetFolder, running: Running, wanted: "Description") -> dict[str, Any]:
    from governance.adapters.chain import NodeChain

    keys = folder.addresses()
    plan = planned(workspace, wanted, keys["deployer"], keys)
    members = {name: keys[name] for name in wanted.members}
    _refuse_strangers(workspace / POLICIES, members)
    prepared = prepare(workspace, plan, NETWORK, CHAIN_ID, members)
    chain = NodeChain(running.process.url, CHAIN_ID, NETWORK)
    sender = UnlockedSender(chain, running.process.url, plan.deployer)
    done = deploy(prepared, chain=chain, sender=sender, told=lambda _: None)
    return {
        "transactions": done.sent,
        "policies_changed": prepared.policies_changed,
        "policy_digest": to_hex(prepared.digest),
    }


def _refuse_strangers(path: Path, members: Mapping[str, Address]) -> None:
    """Refuse to change who somebody is on another network."""
    others = policyedit.members_elsewhere(path, members, NETWORK)
    if others:
        findings = tuple(
            Finding(rule="member-elsewhere", message=f"{name} is {account} in {path.name}, not a devnet account")
            for name, account in others.items()
        )
        hint = "try the devnet in a workspace of its own: gov init"
        raise Refused("the devnet's members would replace those of other networks", hint=hint, findings=findings)


def _report(workspace: Path, running: Running) -> dict[str, Any]:
    from governance.adapters.workspace import FileWorkspace

    networks = FileWorkspace(workspace).policy().networks if (workspace / POLICIES).exists() else {}
    folder = DevnetFolder(workspace)
    return {
        "schema": SCHEMA,
        "up": True,
        "url": running.process.url,
        "pid": running.process.pid,
        "chain_id": running.chain_id,
        "time": str(head_time(running)),
        "keys": str(folder.keys),
        "password_file": str(folder.password),
        "addresses": _addresses(networks[NETWORK]) if NETWORK in networks else {},
    }


def _addresses(network: Network) -> dict[str, str]:
    return {
        "council": network.council,
        "guardian": network.guardian,
        "timelock": network.timelock,
        "target": network.target,
        "policy_anchor": network.policy_anchor,
    }


def _sentence(report: Mapping[str, Any]) -> str:
    if "was_up" in report:
        return "the devnet is down" if report["was_up"] else "no devnet was up"
    if not report["up"]:
        return "no devnet is up"
    if "warped_by" in report:
        return f"the chain's clock reads {report['time']}"
    if "transactions" in report:
        return f"the devnet is up, after {report['transactions']} transactions"
    return "the devnet is up already" if report.get("already_up") else "the devnet is up"
