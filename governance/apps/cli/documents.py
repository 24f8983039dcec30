"""`gov init`, `new`, `schema`, `check`, `cancel`: documents before anything touches a chain."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance import __version__
from governance.apps import disk, wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    ProposalId,
    WorkspaceDir,
    counted,
    emit,
    finding_document,
    one_proposal,
    printable,
)
from governance.core.errors import Refused, Rejected
from governance.core.units import Moment

if TYPE_CHECKING:
    from governance.core.policy import Policy
    from governance.life.inforce import InForce
    from governance.life.review import Review

Title = Annotated[str, typer.Option("--title", help="One line that a signer reads first.")]
Slug = Annotated[str, typer.Option("--slug", help="Words for the file's name: swap-fee-facet.")]
Author = Annotated[str, typer.Option("--author", help="A member of the policy.")]


def init(workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:
    """Make a workspace: policies, a first proposal, a pull-request workflow. Existing files are left alone."""
    from governance.life.draft import workspace_files

    written = []
    for name, text in workspace_files().items():
        if disk.write_new(workspace / name, text):
            written.append(name)
    if json:
        emit({"schema": "governance/init/v1", "written": written})
        return
    for name in written:
        typer.echo(f"written: {name}")
    typer.echo("next: gov devnet up, then gov check" if written else "nothing to do: every file is there")


def new(
    kind: Annotated[str, typer.Argument(help="facet_swap, manifest_upgrade, contract_call, emergency_pause, cancel.")],
    workspace: WorkspaceDir = HERE,
    author: Author = "",
    network: OnNetwork = None,
    slug: Slug = "",
    title: Title = "",
    json: AsJson = False,
) -> None:
    """Write a new proposal of a kind, with the next free number, for an author to change."""
    _draft(kind, workspace, author, network, slug=slug or kind.replace("_", "-"), title=title, json=json)


def cancel(
    proposal: ProposalId,
    reason: Annotated[str, typer.Option("--reason", help="Why it must not be executed.")],
    workspace: WorkspaceDir = HERE,
    author: Author = "",
    network: OnNetwork = None,
    json: AsJson = False,
) -> None:
    """Write the guardian's proposal that cancels a scheduled one. Guardians then lock, sign and execute it."""
    space = wiring.workspace(workspace)
    other = one_proposal(proposal, space.proposal_ids())
    network = network or str(space.proposal(other).document.networks[0])
    slug, title = f"cancel-{other}", f"Cancel {other}"
    _draft("cancel", workspace, author, network, slug=slug, title=title, json=json, reason=reason, other=other)


def _draft(
    kind: str, workspace: Path, author: str, network: str | None, *, slug: str, title: str, json: bool, **more: str
) -> None:
    from governance.life.draft import next_id, scaffold

    space = wiring.workspace(workspace)
    policy = space.policy()
    proposal_id = next_id(space.proposal_ids(), slug)
    network = network or sorted(policy.networks)[0]
    author = author or possible_author(policy, kind, network)
    file = space.proposal_file(proposal_id)
    if not disk.write_new(file, scaffold(kind, author=author, network=network, title=title, **more)):
        raise Refused(f"{space.shown(file)} exists")
    if json:
        emit({"schema": "governance/draft/v1", "proposal": proposal_id, "file": space.shown(file)})
    else:
        typer.echo(f"written: {space.shown(file)}\nnext: edit it, gov check, gov lock {proposal_id[:4]}")


def possible_author(policy: Any, kind: str, network: str) -> str:
    """Any member whom the rule lets propose; the author is decoration until somebody signs."""
    rule = policy.rule_for(kind, network)
    names = policy.roles.get(rule.may_propose, ()) if rule is not None else ()
    return str(min(names or policy.members))


def schema(
    kind: Annotated[str | None, typer.Argument(help="One kind; all when left out.")] = None,
    workspace: WorkspaceDir = HERE,  # noqa: ARG001 - every command takes it
    json: AsJson = True,  # noqa: ARG001 - a schema is JSON
) -> None:
    """The JSON Schema of proposals, of one kind, or of `policy`: for editors."""
    from governance.core.kinds import KINDS
    from governance.core.policyfile import policy_schema
    from governance.core.proposal import json_schema

    if kind == "policy":
        emit(policy_schema())
        return
    wiring.admit_kinds()
    emit(json_schema({name: each.document for name, each in KINDS.items()}, kind))


def check(
    proposals: Annotated[
        list[str] | None, typer.Argument(help="Proposals; all when left out.", metavar="[ID]…")
    ] = None,
    workspace: WorkspaceDir = HERE,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the findings as Markdown.", metavar="FILE")
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Write the findings as SARIF 2.1.0, for code hosts.", metavar="FILE")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", help="Judge freezes, office hours and deadlines as of this moment, UTC.", metavar="MOMENT"
        ),
    ] = None,
    in_force: Annotated[
        Path | None,
        typer.Option("--in-force", help="The policies.yaml of the base branch: it judges as well.", metavar="FILE"),
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask each network which policy is in force; it judges as well.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Schema, policy and lock files of proposals: every violation, with file:line:column. Needs no chain."""
    from governance.life.locked import open_with_report
    from governance.life.review import misnamed, report_markdown, report_sarif, review

    space = wiring.workspace(workspace)
    known = space.proposal_ids()
    ids = [one_proposal(given, known) for given in proposals] if proposals else known
    policy = _judging(space, sarif)
    force = _force(space, policy, in_force, online=online)
    moment = None if at is None else Moment.parse(at)
    made = review(
        ids,
        policy=policy,
        read=space.proposal,
        open_lock=lambda i, n: open_with_report(space, i, n),
        force=force,
        at=moment,
    )
    made += [] if proposals else misnamed(space.misnamed())
    if report is not None:
        disk.write(report, report_markdown(made))
    if sarif is not None:
        disk.write(sarif, report_sarif(made, version=__version__))
    if json:
        emit({"schema": "governance/check/v1", "proposals": [_document(each) for each in made]})
    else:
        _print(made)
    if any(each.malformed for each in made):
        raise typer.Exit(2)
    if not all(each.ok for each in made):
        raise typer.Exit(1)


def _force(space: Any, policy: "Policy", base: Path | None, *, online: bool) -> "InForce":
    """What is in force, as far as the options ask."""
    from governance.life import inforce

    if base is None and not online:
        return inforce.InForce()
    sites = [wiring.site(space, name) for name in sorted(policy.networks)] if online else []
    given = None if base is None else disk.policy(base)
    return inforce.in_force(space, base=given, sites=sites)


def _judging(space: Any, sarif: Path | None) -> "Policy":
    """The policy. An ill-formed one judges nothing, but its faults are reported where they stand."""
    from governance.core.sarif import report

    try:
        policy: Policy = space.policy()
    except Rejected as error:
        if sarif is not None:
            disk.write(sarif, report((("policies.yaml", f) for f in error.findings), version=__version__))
        raise
    return policy


def _document(each: "Review") -> dict[str, Any]:
    proposal = each.proposal
    return {
        "name": each.name,
        "ok": each.ok,
        "digest": None if proposal is None else f"0x{proposal.digest.hex()}",
        "rules": {v.network: v.rule.id if v.rule else None for v in each.verdicts},
        "findings": [finding_document(finding) for finding in each.findings],
    }


def _print(made: list["Review"]) -> None:
    for each in made:
        for finding in each.findings:
            sys.stderr.write(printable(f"{finding}\n"))
        if each.proposal is not None and each.ok:
            rules = ", ".join(f"{v.network}: {v.rule.id}" for v in each.verdicts if v.rule)
            typer.echo(f"{each.name}  holds  ({rules})  digest 0x{each.proposal.digest.hex()}")
    found = sum(len(each.findings) for each in made)
    read = sum(not each.of_policy for each in made)
    typer.echo(f"{counted(read, 'proposal')}, {counted(found, 'finding')}")
