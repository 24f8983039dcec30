"""`gov check` beside the policy in force: a pull request cannot loosen the policy that judges it.

The policy in force is the file of the base branch, or the one whose digest a network anchors. Every proposal is judged by
it as well as by the workspace's own. A workspace's policy that is another one is a finding, unless a proposal asks for just
that one; and even then, nothing but the one in force decides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from governance.core.errors import Finding, Place, Refused, Rejected
from governance.core.policy import Policy
from governance.core.policydiff import LOOSER, difference
from governance.core.stage import Stage
from governance.core.units import Bytes32, to_hex, word
from governance.life.site import Site, Workspace
from governance.life.watch import look

FILE = "policies.yaml"
POLICY_KIND = "policy_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policies that are in force, by network."""

    everywhere: Policy | None = None
    """The base branch's."""
    anchored: Mapping[str, Policy] = field(default_factory=lambda: MappingProxyType({}))
    """By network, where the chain was asked: it wins."""
    asked: frozenset[tuple[str, Bytes32]] = frozenset()
    """Networks and the digests that open proposals want in force there."""
    findings: tuple[Finding, ...] = ()
    """What was found while they were looked for."""

    def on(self, network: str) -> Policy | None:
        """The one that decides on a network; None when nobody was asked."""
        return self.anchored.get(network, self.everywhere)

    def wanted(self, digest: Bytes32) -> bool:
        """Whether open proposals want this policy: on every network that was asked, on any where only the base was."""
        networks = {network for network, wanted in self.asked if wanted == digest}
        return bool(networks) and (not self.anchored or networks >= self._elsewhere(digest))

    def _elsewhere(self, digest: Bytes32) -> set[str]:
        """Networks where it is not in force yet."""
        return {network for network, policy in self.anchored.items() if policy.digest != digest}

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Each once."""
        every = [*self.anchored.values(), *([] if self.everywhere is None else [self.everywhere])]
        return tuple({policy.digest: policy for policy in every}.values())


def in_force(workspace: Workspace, *, base: Policy | None, sites: Iterable[Site]) -> InForce:
    """What is in force, by the base branch's file and by the chains that are asked.

    Raises Unreachable when a chain does not answer: silence is no digest.
    """
    own, sites = workspace.policy(), list(sites)
    known = {policy.digest: policy for policy in (own, base) if policy is not None}
    anchored: dict[str, Policy] = {}
    findings: list[Finding] = []
    for site in sites:
        digest, name = site.anchor.digest(site.chain.head()), site.network.name
        try:
            anchored[name] = known[digest] if digest in known else workspace.earlier_policy(digest)
        except Refused as error:
            message = f"{name} anchors the policy {to_hex(digest)}, which is not here to judge by: {error.message}"
            findings.append(Finding(rule="policy-unknown", message=message, hint=error.hint(), place=_place()))
        if base is not None and base.digest != digest:
            message = f"the base's policy has digest {to_hex(base.digest)}, {name} anchors {to_hex(digest)}"
            hint = "bring the base branch to the policy that is in force"
            findings.append(Finding(rule="policy-base-not-in-force", message=message, hint=hint, place=_place()))
    asked = frozenset(_asked(workspace, sites))
    return InForce(everywhere=base, anchored=anchored, asked=asked, findings=tuple(findings))


def _asked(workspace: Workspace, sites: list[Site]) -> Iterator[tuple[str, Bytes32]]:
    """What open proposals ask for. One that was executed long ago asks for nothing any more."""
    by_name = {site.network.name: site for site in sites}
    for proposal_id in workspace.proposal_ids():
        try:
            document = workspace.proposal(proposal_id).document
        except Rejected:
            continue  # told in its own review; what cannot be read asks for nothing
        if document.kind == POLICY_KIND:
            for network in document.networks:
                if network not in by_name or _open(by_name[network], workspace, proposal_id):
                    yield network, word(document.digest)


def _open(site: Site, workspace: Workspace, proposal_id: str) -> bool:
    try:
        return look(site, workspace, proposal_id).stage is not Stage.EXECUTED
    except (Refused, Rejected):
        return False  # told in its own review: whatever its lock file hides, it opens no door


def policy_findings(policy: Policy, force: InForce) -> Iterator[Finding]:
    """What is wrong with the workspace's policy: that it is not the one in force, and what it would loosen."""
    yield from force.findings
    for decides in force.policies:
        if decides.digest == policy.digest or force.wanted(policy.digest):
            continue
        message = f"this is another policy than the one in force: {to_hex(policy.digest)}, not {to_hex(decides.digest)}"
        hint = "restore it, or propose it: gov new policy_change, with the digest of this file"
        yield Finding(rule="policy-not-in-force", message=message, hint=hint, place=_place())
        for change in difference(decides, policy):
            if change.weight is LOOSER:
                hint = "gov policy diff shows everything that would change"
                yield Finding(rule="policy-looser", message=f"it would be looser: {change}", hint=hint, place=_place())


def _place() -> Place:
    return Place(file=FILE, line=1, column=1)
