"""`gov`: the command line. Each command parses, calls `life`, and shows what came back; it decides nothing."""

import sys

import typer

from governance.apps.cli import acts, deploy, devnet, doctor, documents, hashes, manifests, plans, signing
from governance.apps.cli.common import emit, error_document, tell_error
from governance.core.errors import GovError

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

app.command("init")(documents.init)
app.command("doctor")(doctor.doctor)
app.add_typer(devnet.app, name="devnet")
app.command("new")(documents.new)
app.command("schema")(documents.schema)
app.command("check")(documents.check)
app.command("lock")(plans.lock)
app.command("plan")(plans.plan)
app.command("sign")(signing.sign)
app.command("signatures")(signing.signatures)
app.command("hash")(hashes.hash_command)
app.command("queue")(acts.queue)
app.command("status")(plans.status)
app.command("execute")(acts.execute)
app.command("verify")(acts.verify)
app.command("cancel")(documents.cancel)
app.command("history")(plans.history)
app.add_typer(manifests.app, name="manifest")
app.add_typer(deploy.facet_app, name="facet")
app.command("deploy")(deploy.deploy)


def main() -> None:
    """Entry point of the console script. Errors become sentences and exit codes, never tracebacks."""
    try:
        app()
    except GovError as error:
        if "--json" in sys.argv:
            emit(error_document(error))
        tell_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
