"""`gov policy`: what another policy would change, and what the one at hand says of something nobody has proposed yet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import disk, wiring
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, console, emit, finding_document
from governance.core.errors import Rejected

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.explain import CallExplanation, Explanation
    from governance.core.policy import Policy

app = typer.Typer(no_args_is_help=True, help="What a policy says, and what another would change.")

Which = "A policies.yaml, or the digest of one that something was locked under."


@app.command("diff", short_help="Who may do what by another policy who could not before.")
def diff(
    old: Annotated[str, typer.Argument(help=Which, metavar="OLD")],
    new: Annotated[str, typer.Argument(help=Which, metavar="NEW")],
    workspace: WorkspaceDir = HERE,
    json: AsJson = False,
) -> None:
    """What the second policy changes, in sentences. Exit 1 when it lets anybody do anything more, or sooner."""
    from governance.core.policydiff import difference, difference_document, loosens

    before, after = (_policy(workspace, given) for given in (old, new))
    changes = difference(before, after)
    if json:
        digests = {"old": f"0x{before.digest.hex()}", "new": f"0x{after.digest.hex()}"}
        emit({"schema": "governance/policy-diff/v1", **digests, **difference_document(changes)})
    else:
        for change in changes:
            typer.echo(f"{change.weight:<8}  {change}")
        if not changes:
            typer.echo("nothing: both allow the same to the same people")
    if loosens(changes):
        raise typer.Exit(1)


def _policy(workspace: Path, given: str) -> "Policy":
    from governance.core.units import word

    if given.startswith("0x") and not Path(given).exists():
        space = wiring.workspace(workspace)
        digest, own = word(given), space.policy()
        return own if own.digest == digest else space.earlier_policy(digest)
    return disk.policy(Path(given))


@app.command("explain", short_help="Who may do something, who must agree, and how long it takes.")
def explain(
    workspace: WorkspaceDir = HERE,
    network: Annotated[str | None, typer.Option("--network", "-n", help="A network.", metavar="NAME")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="A kind of proposal.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Who would be called: an address, or `target`.")] = None,
    function: Annotated[str | None, typer.Option("--function", help='What: "setFee(uint256)".')] = None,
    arg: Annotated[list[str] | None, typer.Option("--arg", help="An argument, in order; `[a, b]` for a list.")] = None,
    value: Annotated[str, typer.Option("--value", help="Wei that go along.")] = "0",
    json: AsJson = False,
) -> None:
    """What the policy says of a kind, of a call, or of everything. Exit 1 when what was asked for is not allowed."""
    from governance.core.explain import CALL_KIND, explain_all, explanation_document
    from governance.core.kinds import KINDS

    if (to is None) is not (function is None) or (to is not None and kind not in {None, CALL_KIND}):
        raise Rejected("a call has `--to` and `--function`, and no other --kind", hint="or ask for a --kind alone")
    policy = wiring.workspace(workspace).policy()
    _known("network", network, policy.networks)
    _known("kind", kind, KINDS)
    wanted = kind if to is None else CALL_KIND
    made = [e for e in explain_all(policy, KINDS) if network in {None, e.network} and wanted in {None, e.kind}]
    calls: list[CallExplanation] = []
    if to is not None:
        calls = [_call(policy, each.network, to, str(function), arg or [], value) for each in made]
    if json:
        documents = [explanation_document(each) for each in made]
        for document, call in zip(documents, calls, strict=False):
            document |= {"allowed": call.allowed, "violations": [finding_document(f) for f in call.violations]}
        emit({"schema": "governance/policy-explain/v1", "explanations": documents})
    else:
        _print(made, calls, whole=wanted is None)
    asked = wanted is not None and not any(each.rule for each in made)
    if asked or any(not call.allowed for call in calls):
        raise typer.Exit(1)


def _print(made: "list[Explanation]", calls: "list[CallExplanation]", *, whole: bool) -> None:
    from governance.core.explain import sentences

    if whole:
        console().print(_table(made))
        return
    for i, each in enumerate(made):
        for line in sentences(each):
            typer.echo(line)
        for call in calls[i : i + 1]:
            _print_call(call)


def _table(made: "list[Explanation]") -> "RenderableType":
    """Every kind on every network: by which rule, who, and how long."""
    from rich.text import Text

    from governance.apps import show

    rows = show.table("", "kind", "network", "rule", "proposed by", "approved by", "lane", "wait", "risk")
    for each in made:
        if each.rule is None:
            rows.add_row(each.kind, each.network, Text("— refused", style="red"), "", "", "", "", "")
            continue
        who, agree = ", ".join(each.proposers), "; ".join(map(str, each.consents))
        rule = each.rule
        rows.add_row(each.kind, each.network, rule.id, Text(who), Text(agree), rule.via, each.wait, str(rule.risk))
    return rows  # type: ignore[no-any-return]


def _known(what: str, name: str | None, known: Any) -> None:
    if name is not None and name not in known:
        raise Rejected(f"there is no {what} `{name}`", hint=f"there are: {', '.join(sorted(known))}")


def _call(
    policy: "Policy", network: str, to: str, function: str, arguments: list[str], value: str
) -> "CallExplanation":
    from governance.core.explain import CALL_KIND, explain_call
    from governance.core.kinds import KINDS

    args = [disk.argument(written) for written in arguments]
    entry = {"to": to, "function": function, "args": args, "value": value}
    return explain_call(policy, KINDS[CALL_KIND], network, entry)


def _print_call(call: "CallExplanation") -> None:
    if call.plan is not None:
        (made,) = call.plan.steps[0].calls
        typer.echo(f"call       {made.summary} on {made.to}, calldata 0x{made.data.hex()}")
    typer.echo("verdict    allowed, as far as files can tell" if call.allowed else "verdict    refused")
    for finding in call.violations:
        typer.echo(f"           {finding.message} (rule {finding.rule})")
        if finding.hint:
            typer.echo(f"           hint: {finding.hint}")
