"""`gov emergency`: pauses signed ahead, sent at once, drilled, and what comes after one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import disk, emergencywiring, wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    PasswordFd,
    WorkspaceDir,
    confirm_hash,
    console,
    emit,
    finding_document,
    leave,
    tell_error,
)
from governance.apps.cli.documents import Author
from governance.apps.cli.signers import Confirm, KeyToSign, SignedBy, tell
from governance.core.errors import Finding, Refused, Rejected, Unreachable

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.apps.emergencydrill import Payer
    from governance.core.units import Duration
    from governance.emergency.bundle import Bundle
    from governance.life.aftermath import Incident
    from governance.life.presign import Presigning
    from governance.ports import Signer

app = typer.Typer(name="emergency", help="The path that only stops things.", no_args_is_help=True)
LEAST_PASSWORD = 12
"""Characters of a new bundle's password: whoever opens it can stop everything."""
HANDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
BundleFile = Annotated[Path, typer.Option("--bundle", help="The encrypted bundle.", metavar="FILE")]
BundlePasswordFd = Annotated[
    int | None,
    typer.Option("--bundle-password-fd", help="Read the bundle's password from this file descriptor.", metavar="N"),
]


@app.command("pause", short_help="Send presigned pauses to every network at once.", context_settings=HANDED)
def pause(context: typer.Context) -> None:
    """Stop every network of a bundle. This is `python -m governance.emergency pause`: see its --help."""
    _handed("pause", context)


@app.command("show", short_help="What a bundle is worth now.", context_settings=HANDED)
def show(context: typer.Context) -> None:
    """Who signed which nonce, who is missing, what is stale. This is `python -m governance.emergency show`."""
    _handed("show", context)


def _handed(command: str, context: typer.Context) -> None:
    """To the package that stands by itself: it parses, and nothing here comes between."""
    from governance.emergency.__main__ import main

    raise typer.Exit(main([command, *context.args], prog="gov emergency"))


@app.command("presign", short_help="Sign the guardian's next pauses ahead, into an encrypted bundle.")
def presign(
    bundle: BundleFile,
    key: KeyToSign = None,
    by: SignedBy = None,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    nonces: Annotated[int, typer.Option("--nonces", help="How many of the Safe's next nonces.", metavar="N")] = 5,
    lifetime: Annotated[
        str, typer.Option("--lifetime", help="How long the bundle is good, by the chain's clock.", metavar="DURATION")
    ] = "90 d",
    password_fd: PasswordFd = None,
    bundle_password_fd: BundlePasswordFd = None,
    confirm: Confirm = None,
    json: AsJson = False,
) -> None:
    """Prove that the pause can only stop things, show its hashes, sign them, and add them to a bundle."""
    from governance.core.units import Duration
    from governance.emergency.bundle import save

    space = wiring.workspace(workspace)
    opened, password = _opened(bundle, bundle_password_fd)
    lasts, documents = Duration.parse(lifetime), []
    ready = [_ready(space, name, nonces, lasts) for name in wiring.networks(space, network)]
    with wiring.signing(key, password_fd, by, tell) as signer:
        for made in ready:
            opened = _signed(space, made, signer, confirm, opened)
            documents.append(_document(made, signer))
    assert opened is not None
    with translated():
        save(bundle, opened, password)
    if json:
        emit({"schema": "governance/presigned/v1", "bundle": str(bundle), "networks": documents})
        return
    for made in ready:
        place = opened.place(made.network.name)
        assert place is not None
        for tx in made.txs:
            entry = place.entry(tx.nonce)
            assert entry is not None
            signed, missing = sorted(entry.signatures), [o for o in made.safe.owners if o not in entry.signatures]
            words = f"{made.network.name} nonce {tx.nonce}: {len(signed)} of {made.safe.threshold} signed"
            lacks = f"; not yet {', '.join(missing)}" if len(signed) < made.safe.threshold else ""
            console().print(f"{words}{lacks}", markup=False)
    console().print(f"written: {bundle}", markup=False)


@app.command("drill", short_help="On a fork of each network: pause, time it, end it.")
def drill(
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Send what is signed in this bundle.", metavar="FILE")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Encrypted keystore of who would pay.", metavar="FILE")
    ] = None,
    payer: Annotated[
        str | None, typer.Option("--payer", help="Who would pay, where no key is given.", metavar="ADDRESS")
    ] = None,
    password_fd: PasswordFd = None,
    bundle_password_fd: BundlePasswordFd = None,
    known: Annotated[
        bool, typer.Option("--known", help="Only networks whose endpoint is known here; the others are named.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Whether the guardian could stop each network now, how long it takes, and whether it ends again. Nothing reaches one."""
    from governance.apps import emergencydrill as drills

    space = wiring.workspace(workspace)
    if (bundle is None) is not (key is None) or (key is not None and payer is not None):
        raise Rejected("a bundle is sent by a payer: --bundle with --key, or neither, perhaps with --payer")
    who = _payer(key, payer, password_fd)
    opened = _opened(bundle, bundle_password_fd)[0] if bundle is not None and bundle.exists() else None
    if bundle is not None and opened is None:
        raise Rejected(f"there is no bundle {bundle}")
    made, missing = [], []
    names = wiring.networks(space, network)
    for name in _reachable(space, names) if known else names:
        place = None if opened is None else opened.place(name)
        if opened is not None and place is None:
            missing.append(Finding(rule="drill-not-in-bundle", message=f"the bundle holds nothing for {name}"))
            continue
        made.append(drills.drill(space, name, place, who))
    if json:
        documents = [
            {**drills.document(each), "findings": [finding_document(finding) for finding in each.findings]}
            for each in made
        ]
        emit({"schema": drills.SCHEMA, "networks": documents})
    else:
        for each in made:
            console().print("\n".join(drills.lines(each)), markup=False)
    found = (*missing, *(finding for each in made for finding in each.findings))
    if found:
        leave(Refused("the emergency path does not hold", findings=found))


@app.command("aftermath", short_help="After a pause: an incident record, and drafts of what to decide.")
def aftermath(
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    author: Author = "",
    within: Annotated[
        str,
        typer.Option("--decide-within", help="From the pause on, how long it may go undecided.", metavar="DURATION"),
    ] = "14 d",
    json: AsJson = False,
) -> None:
    """Write what the chain says of a pause, what is pending, and the proposals that lift it or cancel what waits."""
    from governance.core.units import Duration
    from governance.life.aftermath import incident

    space, longest = wiring.workspace(workspace), Duration.parse(within)
    found, others = [], []
    for name in wiring.networks(space, network):
        site = wiring.site(space, name)
        try:
            found.append(incident(site, space, emergencywiring.fetch(space, site.network)))
        except Refused as error:
            others.append(error)
    if not found:
        raise others[0]
    for each in others:
        tell_error(each)
    made = [_written(space, one, author, longest) for one in found]
    if json:
        emit({"schema": "governance/aftermath/v1", "incidents": made})
        return
    for document in made:
        console().print("\n".join(_told(document)), markup=False)


def _written(space: "FileWorkspace", found: "Incident", author: str, within: "Duration") -> dict[str, Any]:
    """The record and the drafts; a pause that has its record is left as it is."""
    from governance.apps.cli.documents import possible_author
    from governance.life.aftermath import cancelling, deadline, lifting, record, written
    from governance.life.draft import next_id

    file = space.root / "incidents" / f"{found.name}.yaml"
    if file.exists():
        return {**record(found, lift="", cancels=(), decide=deadline(found, within)), "file": None, "drafts": []}
    policy, decide, drafts = space.policy(), deadline(found, within), []
    by = {kind: author or possible_author(policy, kind, found.network) for kind in ("cancel", "unpause")}
    texts = [(f"cancel-{other}", cancelling(found, other, author=by["cancel"])) for other in found.to_cancel]
    texts.append((f"lift-pause-{found.network}", lifting(found, author=by["unpause"], decide=decide)))
    for slug, text in texts:
        drafts.append(next_id(space.proposal_ids(), slug))
        disk.write(space.proposal_file(drafts[-1]), text)
    document = record(found, lift=drafts[-1], cancels=drafts[:-1], decide=decide)
    file.parent.mkdir(exist_ok=True)
    disk.write(file, written(document))
    return {**document, "file": space.shown(file), "drafts": drafts}


def _told(made: dict[str, Any]) -> list[str]:
    by = f", signed by {', '.join(made['signed_by'])}" if made["signed_by"] else ""
    lines = [f"{made['network']}: paused at {made['paused_at']}, block {made['block']}, {made['transaction']}{by}"]
    for each in made["pending"]:
        whose = each["proposal"] or "no lock file here: cancel it by its id"
        lines.append(f"  {each['state']} since or until {each['ready_at']}: {each['operation']} ({whose})")
    if made["file"] is None:
        return [*lines, "  its record is there already: nothing is written"]
    lines.append(f"  written: {made['file']}")
    lines += [f"  drafted: {each}" for each in made["drafts"]]
    order = "lock, sign and execute the cancels first; " if made["cancel_first"] else ""
    return [*lines, f"  next: {order}then decide on {made['lift']} before {made['decide_before']}"]


def _reachable(space: "FileWorkspace", names: list[str]) -> list[str]:
    """Those with an endpoint; the others are told of. Raises Refused when there is none at all."""
    found, unknown = [], []
    for name in names:
        try:
            wiring.endpoint(space, name)
            found.append(name)
        except Refused as error:
            unknown.append(error)
    if not found:
        raise unknown[0]
    for each in unknown:
        tell_error(each)
    return found


def _payer(key: Path | None, named: str | None, descriptor: int | None) -> "Payer | None":
    from governance.apps.emergencydrill import Payer
    from governance.core.units import address

    if key is None:
        return None if named is None else Payer(address=address(named))
    password = emergencywiring.password(descriptor, key)
    return Payer(address=emergencywiring.keystore(key, password).address, key=key, password=password)


def _ready(space: "FileWorkspace", name: str, nonces: int, lifetime: "Duration") -> "Presigning":
    from governance.life.presign import presigning

    return emergencywiring.played(
        space,
        wiring.site(space, name),
        lambda site, node, build: presigning(
            site, space, node, build, wiring.witness, nonces=nonces, lifetime=lifetime
        ),
    )


def _opened(file: Path, descriptor: int | None) -> "tuple[Bundle | None, str]":
    """The bundle that is there, None for a new one, and its password."""
    from governance.emergency.bundle import load

    password = emergencywiring.password(descriptor, file)
    if not file.exists():
        if len(password) < LEAST_PASSWORD:
            hint = "several words: whoever has the file and the password can stop every network"
            raise Refused(f"a new bundle's password has at least {LEAST_PASSWORD} characters", hint=hint)
        if descriptor is None and emergencywiring.password(None, file) != password:
            raise Refused(
                "the two passwords differ: nothing was written", hint="a bundle that does not open helps nobody"
            )
        return None, password
    with translated():
        return load(file, password), password


def _signed(
    space: "FileWorkspace",
    made: "Presigning",
    signer: "Signer",
    given: list[str] | None,
    before: "Bundle | None",
) -> "Bundle":
    from governance.apps.showemergency import card
    from governance.emergency.bundle import Bundle, Entry, Place
    from governance.life.presign import presign as life_presign

    screen = console(stderr=True)
    shown = "\n".join(card(made, screen.width, space.policy().names(made.network.name)))
    screen.print(shown, markup=False)
    wiring.show_card(signer, shown)
    signatures = life_presign(made, signer, lambda tx: confirm_hash(f"hash of nonce {tx.nonce}", tx.hash, given))
    place = Place(
        name=made.network.name,
        chain_id=made.network.chain_id,
        endpoints=emergencywiring.endpoints_in(space, made.network.name),
        safe=made.safe.address,
        target=made.target.address,
        expires=made.expires.seconds,
        entries=tuple(Entry(nonce=nonce, signatures={who: raw}) for nonce, (who, raw) in signatures.items()),
    )
    return (before or Bundle(places=())).extended(place)


def _document(made: "Presigning", signer: "Signer") -> dict[str, Any]:
    from governance.apps.showemergency import presigned_document

    return presigned_document(made, signer.address)


@contextmanager
def translated() -> Iterator[None]:
    """Troubles of the package that stands by itself, as this one's errors."""
    from governance.emergency.trouble import Malformed, Silent, Trouble

    try:
        yield
    except Trouble as trouble:
        kind = Rejected if isinstance(trouble, Malformed) else Unreachable if isinstance(trouble, Silent) else Refused
        raise kind(trouble.message, hint=trouble.hint) from trouble
