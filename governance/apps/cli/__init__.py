"""`gov`: the command line. Each command parses, calls `life`, and shows what came back; it decides nothing."""

import os
import sys

import typer

from governance.apps.cli import (
    acts,
    approving,
    deploy,
    devnet,
    doctor,
    documents,
    emergency,
    executor,
    facets,
    hashes,
    holding,
    journal,
    manifests,
    nonces,
    plans,
    policy,
    pullrequest,
    rollback,
    signatures,
    signing,
    simulate,
)
from governance.apps.cli.common import emit, error_document, tell_error
from governance.core.errors import GovError, Rejected

app = typer.Typer(
    name="gov",
    help="Run the upgrades of an on-chain system by reviewed proposals, a Safe, and a timelock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 done or holds; 1 refused; 2 wrong usage or malformed document; 3 unreachable; "
    "4 chain and records contradict.",
)

app.command("init", short_help="Make a workspace: policies, a first proposal, a PR workflow.")(documents.init)
app.command("doctor", short_help="Check tools, endpoints, addresses, roles and clocks.")(doctor.doctor)
app.add_typer(devnet.app, name="devnet", short_help="A local chain with everything on it, for trying.")
app.command("new", short_help="Write a new proposal of a kind, for an author to change.")(documents.new)
app.command("schema", short_help="The JSON Schema of proposals, for editors.")(documents.schema)
app.add_typer(policy.app, name="policy", short_help="What a policy says, and what another would change.")
app.command("check", short_help="Hold proposals against schema, policy and lock file.")(documents.check)
app.command("lock", short_help="Derive a proposal's plan from the chain; write its lock file.")(plans.lock)
app.command("plan", short_help="Show the plan that follows from the chain now.")(plans.plan)
app.command("simulate", short_help="Rehearse a proposal's whole life on the live state.")(simulate.simulate)
app.command("sign", short_help="Show what will be signed, then sign it.")(signing.sign)
app.command("approve", short_help="Approve in a role of members, beside the Safe.")(approving.approve)
app.command("hold", short_help="A guardian holds what waits, for a time.")(holding.hold)
app.command("signatures", short_help="Who signed or approved, who is missing, what is wrong.")(signatures.signatures)
app.command("nonces", short_help="Which nonce belongs to which proposal; conflicts and gaps.")(nonces.nonces)
app.add_typer(nonces.app, name="reject", short_help="Spend the nonce of what is not to happen any more.")
app.command("hash", short_help="The three hashes of any Safe transaction, offline.")(hashes.hash_command)
app.command("queue", short_help="Schedule a signed proposal in the timelock.")(acts.queue)
app.command("status", short_help="Where proposals stand, derived from the chain now.")(plans.status)
app.command("execute", short_help="Execute what is due.")(acts.execute)
app.command("verify", short_help="Hold an executed proposal's promises against the chain.")(acts.verify)
app.command("cancel", short_help="Write the guardian's proposal that cancels another.")(documents.cancel)
app.add_typer(emergency.app, name="emergency", short_help="Pauses signed ahead and sent at once; drills.")
app.command("rollback", short_help="Write the proposal that takes another one back.")(rollback.rollback)
app.add_typer(executor.app, name="executor", short_help="The job that executes what is due.")
app.command("history", short_help="What the journal notes about a proposal.")(plans.history)
app.add_typer(journal.app, name="journal", short_help="The chain of notes, proven; its head, and an export.")
app.add_typer(pullrequest.app, name="pr", short_help="What jobs of a code host run on a pull request.")
app.add_typer(manifests.app, name="manifest")
app.add_typer(deploy.facet_app, name="facet", short_help="Inspect facets; put them on chain, to be routed to.")
deploy.facet_app.command("inspect")(facets.inspect)
app.command("deploy", short_help="Deploy a described system on a network, or go on with it.")(deploy.deploy)


INTERRUPTED = 130
"""What the parser of the command line makes of Ctrl-C."""


def main() -> None:
    """Entry point of the console script. Errors become sentences and exit codes, never tracebacks."""
    try:
        code = app(prog_name="gov", standalone_mode=False)
    except GovError as error:
        sys.exit(_failed(error))
    except typer.TyperException as error:
        sys.exit(_misused(error))
    except typer.Abort:
        sys.stderr.write("\nstopped: nothing was done\n")
        sys.exit(1)
    except BrokenPipeError:
        _nobody_reads()
        sys.exit(141)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(_failed(Rejected(f"{where}{error.strerror}", hint="see to the file, its folder or the disk")))
    if code == INTERRUPTED:
        sys.stderr.write("\ninterrupted; what was sent stays sent: the same command takes it up where it stopped\n")
    sys.exit(code if isinstance(code, int) else 0)


def _failed(error: GovError) -> int:
    if "--json" in sys.argv:
        emit(error_document(error))
    tell_error(error)
    return error.exit_code


def _misused(error: typer.TyperException) -> int:
    """Wrong usage, as the parser of the command line tells it."""
    if "--json" in sys.argv:
        emit(error_document(Rejected(error.format_message(), hint="see --help")))
    error.show()  # type: ignore[attr-defined]  # every one that the parser raises has it
    return error.exit_code


def _nobody_reads() -> None:
    """Such as `gov schema | head -1`: what is left in the buffer must not fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
