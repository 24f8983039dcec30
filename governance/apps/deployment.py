"""A described system, on any network: members from `policies.yaml`, addresses derived and written, then deployed.

Order matters: addresses are written first, so that the anchor can be born with the digest of the very file that names
it. What is written before anything is sent is only where things will stand; git shows it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import as_file
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from governance.adapters import policyedit
from governance.adapters.artifacts import Artifacts, safe_artifacts, shipped
from governance.adapters.files import load
from governance.core.blueprint import Blueprint, Parts, SafeParts, blueprint
from governance.core.deployment import Description, description
from governance.core.errors import Rejected
from governance.core.tree import Mapping as Tree
from governance.core.tree import Scalar
from governance.core.units import Address, Bytes32, address

if TYPE_CHECKING:
    from governance.life.deploy import Deployment
    from governance.ports import Chain, Sender

POLICIES = "policies.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A system whose addresses `policies.yaml` names, ready to be deployed."""

    plan: Blueprint
    network: str
    digest: Bytes32
    """Of `policies.yaml` with the addresses in it."""
    policies_changed: bool


def described(given: Path | None) -> Description:
    """Read a description; the devnet's own, which the package ships, when none is given."""
    if given is not None:
        return description(load(given, str(given)), str(given))
    with as_file(package_files("governance.life") / "templates" / "devnet.yaml") as path:
        return description(load(path, path.name), path.name)


def planned(
    workspace: Path, wanted: Description, deployer: Address, members: Mapping[str, Address] | None = None
) -> Blueprint:
    """Where everything will stand. Members are those of `policies.yaml` unless they are given."""
    parts = parts_of(wanted, shipped(workspace), safe_artifacts())
    return blueprint(wanted, parts, members_of(workspace) if members is None else members, deployer)


def prepare(
    workspace: Path, plan: Blueprint, network: str, chain_id: int, members: Mapping[str, Address] | None = None
) -> Prepared:
    """Write the network's addresses, and members' if given, into `policies.yaml`. Raises Rejected on a bad policy."""
    from governance.adapters.workspace import FileWorkspace

    wanted = policyedit.addresses(plan.network(network, chain_id), members or {})
    changed = policyedit.write(workspace / POLICIES, wanted)
    digest = FileWorkspace(workspace).policy().digest
    return Prepared(plan=plan, network=network, digest=digest, policies_changed=changed)


def deploy(prepared: Prepared, *, chain: "Chain", sender: "Sender", told: Callable[[str], None]) -> "Deployment":
    """Deploy, hand over and read back what was prepared; taken up where it stopped, if it was begun before."""
    from governance.life.deploy import deploy as live

    digest = prepared.digest
    return live(prepared.plan, prepared.network, digest=digest, uri=POLICIES, chain=chain, sender=sender, told=told)


def members_of(workspace: Path) -> dict[str, Address]:
    """The members of `policies.yaml` that have an address; the rest of the file need not be valid yet."""
    path = workspace / POLICIES
    if not path.exists():
        raise Rejected(f"{path} does not exist", hint="make a workspace with gov init")
    members = load(path, POLICIES).get("members")
    found: dict[str, Address] = {}
    for name, entry in members.entries if isinstance(members, Tree) else ():
        written = entry.get("address") if isinstance(entry, Tree) else None
        if isinstance(written, Scalar):
            found[name.text] = address(written.text)
    return found


def parts_of(wanted: Description, own: Artifacts, safe: Artifacts) -> Parts:
    """Every artifact that a description needs. Raises Rejected when one is unknown."""
    version = wanted.safe_version.replace(".", "_")
    facets = dict.fromkeys((*(facet.artifact for facet in wanted.target.facets), *wanted.staged))
    return Parts(
        safe=SafeParts(
            singleton=safe.get(f"Safe_V{version}"),
            factory=safe.get(f"ProxyFactory_V{version}"),
            fallback_handler=safe.get(f"CompatibilityFallbackHandler_V{version}"),
            proxy=safe.get(f"Proxy_V{version}"),
        ),
        timelock=own.get("TimelockController"),
        target=own.get(wanted.target.artifact),
        anchor=own.get("PolicyAnchor"),
        facets={name: own.get(name) for name in facets},
    )
