"""The only place that constructs things: adapters behind ports, from the workspace, the environment and the options.

Endpoints: the environment variable `GOV_RPC_<NETWORK>` first (so that keys in URLs stay out of files), then `rpc:` of the
network in `policies.yaml`, then the running devnet. Where several are named, they have to agree. Transactions go to
`GOV_RELAY_<NETWORK>` alone, where there is one. The journal: `GOV_DATABASE`, else `.gov/journal.sqlite3`.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from governance.core.errors import Refused, Rejected, Unreachable

if TYPE_CHECKING:
    from governance.adapters.chain import NodeChain
    from governance.adapters.endpoints import AgreedChain
    from governance.adapters.github import PullRequest
    from governance.adapters.journal import SqlJournal
    from governance.adapters.keys import KeystoreSigner
    from governance.adapters.workspace import FileWorkspace
    from governance.core.endpoints import Endpoints
    from governance.core.network import Network
    from governance.core.plan import Plan
    from governance.core.rehearsal import Rehearsal
    from governance.core.safetx import SafeTx
    from governance.core.stacked import Stack
    from governance.core.units import Bytes32
    from governance.life.site import Rehearse, Site
    from governance.life.watch import Sighting
    from governance.ports import Chain, Exchange, Payer, Prover, Sender, Signer, Simulator

GWEI = 10**9
T = TypeVar("T")


def workspace(root: Path) -> "FileWorkspace":
    """The workspace at `root`, with the package's artifacts behind its own."""
    from governance.adapters.workspace import FileWorkspace

    space = FileWorkspace(root)
    if not space.policy_file.exists():
        raise Rejected(f"{space.policy_file} does not exist", hint="go to a workspace, or make one with gov init")
    return space


def admit_kinds() -> None:
    """Know the kinds of installed packages too; opening a workspace does the same."""
    from governance.adapters.plugins import admit_installed

    admit_installed()


def place_of(space: "FileWorkspace", network: str) -> "Network":
    """A network of the policy, by its name."""
    known = space.policy().networks
    if network not in known:
        raise Rejected(f"policies.yaml names no network `{network}`", hint=f"it names {', '.join(sorted(known))}")
    return known[network]


def networks(space: "FileWorkspace", *only: str | None) -> list[str]:
    """Those that were asked for, else all of the policy."""
    asked = [place_of(space, name).name for name in only if name is not None]
    return asked or sorted(space.policy().networks)


def networks_of(space: "FileWorkspace", proposal_id: str, only: str | None) -> list[str]:
    """The proposal's networks, or the one that was asked for."""
    names = list(space.proposal(proposal_id).document.networks)
    if only is None:
        return names
    if only not in names:
        raise Rejected(f"{proposal_id} is not for network `{only}`", hint=f"it is for {', '.join(names)}")
    return [only]


def endpoints(space: "FileWorkspace", network: str) -> "Endpoints":
    """The RPC URLs of a network and how many must agree; they may hold secrets, and so are never shown whole."""
    from governance.adapters.devnet import running_url
    from governance.core.endpoints import endpoints_of

    policy, variable = space.policy(), variable_of("RPC", network)
    urls: Sequence[str] = os.environ.get(variable, "").split() or policy.endpoints.get(network, ())
    if not urls:
        url = running_url(space.root, network)
        urls = (url,) if url else ()
    if not urls:
        hint = f"set {variable}, or rpc: under networks.{network} in policies.yaml; for the devnet: gov devnet up"
        raise Refused(f"no endpoint is known for network `{network}`", hint=hint)
    return endpoints_of(network, urls, policy.agree.get(network))


def endpoint(space: "FileWorkspace", network: str) -> str:
    """The RPC URL of a network that is preferred, for what one node does alone."""
    return endpoints(space, network).urls[0]


def variable_of(what: str, network: str) -> str:
    """The environment variable for something of a network."""
    return f"GOV_{what}_{network.upper().replace('-', '_')}"


def is_devnet(space: "FileWorkspace", network: str) -> bool:
    """Whether the network is the workspace's own devnet, whose clock `gov devnet warp` moves."""
    from governance.adapters.devnet import running_url

    return endpoints(space, network).urls == (running_url(space.root, network),)


def node(space: "FileWorkspace", network: "Network") -> "NodeChain | AgreedChain":
    """The node of one network, or its nodes, enough of which must agree."""
    from governance.adapters.chain import NodeChain
    from governance.adapters.endpoints import AgreedChain
    from governance.adapters.relay import Relay

    named, url = endpoints(space, network.name), os.environ.get(variable_of("RELAY", network.name))
    relay = Relay(url, network.name) if url else None
    if not named.several:
        return NodeChain(named.urls[0], network.chain_id, network.name, relay)
    chains = [NodeChain(each, network.chain_id, network.name) for each in named.urls]
    return AgreedChain(chains, named.agree, network.name, relay)


def prover(at: "Site") -> "Prover | None":
    """Whoever proves what was read on a site; None where one endpoint gives both the answer and the root to prove it by."""
    from governance.adapters.endpoints import AgreedChain

    return at.chain if isinstance(at.chain, AgreedChain) else None


def guards(space: "FileWorkspace", at: "Site") -> "tuple[Callable[[Sighting], None], ...]":
    """What is asked of a sighting just before something is sent: that earlier waves hold on their networks, and that the
    block holds what several endpoints said of it.
    """
    from functools import partial

    from governance.life.proven import require_proven
    from governance.life.rollout import require_wave

    by, in_turn = prover(at), partial(require_wave, space, partial(site, space))
    return (in_turn,) if by is None else (in_turn, partial(require_proven, at, by))


def site(space: "FileWorkspace", network: str) -> "Site":
    """The ports of one network of the policy."""
    place = place_of(space, network)
    return site_over(node(space, place), place)


def site_over(chain: "Chain", place: "Network") -> "Site":
    """The ports of a network over a chain: that of its node, or one that is only simulated."""
    from governance.adapters.anchor import NodeAnchor
    from governance.adapters.recalled import RecalledChain
    from governance.adapters.safe import NodeSafe
    from governance.adapters.target import NodeTarget
    from governance.adapters.timelock import NodeTimelock
    from governance.life.site import Site

    council, guardian = NodeSafe(chain, place.council), NodeSafe(chain, place.guardian)
    timelock = NodeTimelock(chain, place.timelock, council=place.council, guardian=place.guardian)
    target, anchor = NodeTarget(chain, place), NodeAnchor(chain, place.policy_anchor)
    if isinstance(chain, RecalledChain):
        for port in (council, guardian, timelock, target, anchor):
            chain.foresee(port.foreseen)
    return Site(
        network=place,
        chain=chain,
        council=council,
        guardian=guardian,
        timelock=timelock,
        target=target,
        anchor=anchor,
        safes=lambda address: NodeSafe(chain, address),
    )


def recalling(at: "Site") -> "Site":
    """The same ports for one piece of work, over a chain that is asked each thing about a block once."""
    from governance.adapters.recalled import RecalledChain

    return site_over(RecalledChain(at.chain), at.network)


def exchange(place: "Network") -> "Exchange":
    """The Safe Transaction Service of a network: `GOV_SAFE_SERVICE_<NETWORK>`, else the one that Safe runs for the chain."""
    from governance.adapters.safeservice import SafeService

    url = os.environ.get(variable_of("SAFE_SERVICE", place.name))
    return SafeService(place.chain_id, place.name, url, os.environ.get("SAFE_TRANSACTION_SERVICE_API_KEY"))


def pull_request(number: int) -> "PullRequest":
    """A pull request of the repository whose job this is. Raises Rejected where the job's environment does not say."""
    from governance.adapters.github import PullRequest

    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    for name in names:
        if not os.environ.get(name):
            raise Rejected(f"{name} is not set", hint="this runs in a job on GitHub")
    api, repository, token = (os.environ[name] for name in names)
    return PullRequest(api, repository, number, token)


def simulator(space: "FileWorkspace", at: "Site") -> "Simulator":
    """The preferred node of a site, asked for blocks that never were."""
    from governance.adapters.simulate import NodeSimulator

    return NodeSimulator(endpoint(space, at.network.name), at.network.name, at.chain)


def rehearse(space: "FileWorkspace", at: "Site") -> "Rehearse":
    """Rehearsals on a site."""
    from functools import partial

    from governance.life.simulate import simulate

    build = partial(site_over, place=at.network)

    def play(proposal_id: str, plan: "Plan | None") -> "Rehearsal":
        return on_a_node(space, at, lambda site, node: simulate(site, space, node, build, proposal_id, plan=plan))

    return play


def stacked(space: "FileWorkspace", at: "Site") -> "Stack":
    """Every open proposal of a site with every other."""
    from functools import partial

    from governance.life.stacked import stack

    build = partial(site_over, place=at.network)
    return on_a_node(space, at, lambda site, node: stack(site, space, node, build))


def on_a_node(space: "FileWorkspace", at: "Site", act: "Callable[[Site, Simulator], T]") -> T:
    """What comes of an act on a node of the site; where none can play blocks, on an anvil that goes on from its newest."""
    from governance.adapters.anvil import find_anvil
    from governance.adapters.chain import NodeChain
    from governance.adapters.fork import forked
    from governance.adapters.simulate import LacksMethod, NodeSimulator

    *others, last = endpoints(space, at.network.name).urls
    for url in others:
        with suppress(Unreachable):  # the next one is asked, and the last one's words are told
            return act(at, NodeSimulator(url, at.network.name, at.chain))
    try:
        return act(at, NodeSimulator(last, at.network.name, at.chain))
    except LacksMethod:
        program = find_anvil(space.root)
        if program is None:
            raise
    name, chain_id = at.network.name, at.network.chain_id
    with forked(endpoint(space, name), program, chain_id=chain_id) as url:
        chain = NodeChain(url, chain_id, name)
        return act(site_over(chain, at.network), NodeSimulator(url, name, chain))


def signer(key: Path, password_fd: int | None) -> "KeystoreSigner":
    """A keystore's signer; the password comes from a file descriptor or a prompt, never from argv."""
    from governance.adapters.keys import KeystoreSigner, prompt_password, read_password

    if not key.exists():
        raise Rejected(f"there is no keystore {key}", hint="--key names the encrypted file of the account")
    password = prompt_password(key) if password_fd is None else read_password(password_fd)
    return KeystoreSigner.open(key, password)


@contextmanager
def signing(
    key: Path | None, password_fd: int | None, by: str | None, tell: Callable[[str], None]
) -> "Iterator[Signer]":
    """The signer that was named: a keystore, else `--signer`, else `GOV_SIGNER`. It is put away afterwards."""
    from governance.adapters.signers import FORMS, PLACE, open_signer

    if key is not None and by is not None:
        raise Rejected("a keystore and another signer exclude one another", hint="--key or --signer")
    if key is not None:
        yield signer(key, password_fd)
        return
    written = by or os.environ.get(PLACE)
    if not written:
        raise Rejected("nobody is named to sign", hint=f"--key FILE, or --signer with one of {FORMS}")
    with open_signer(written, tell, in_arguments=by is not None) as opened:
        yield opened


def show_card(by: "Signer", words: str) -> None:
    """What is about to be signed, for a signer that has a screen of its own."""
    from governance.adapters.browser import BrowserSigner

    if isinstance(by, BrowserSigner):
        by.show(words)


def journal(space: "FileWorkspace") -> "SqlJournal":
    """The journal of the workspace; made when it is missing."""
    from governance.adapters.journal import SqlJournal

    given = os.environ.get("GOV_DATABASE")
    return SqlJournal(database_file(space, "journal.sqlite3") if given is None else given)


def database_file(space: "FileWorkspace", name: str) -> str:
    """The URL of a database of the workspace's own, in a folder that is made when it is missing."""
    folder = space.root / ".gov"
    folder.mkdir(mode=0o700, exist_ok=True)
    return f"sqlite:///{(folder / name).absolute()}"


def sender(
    space: "FileWorkspace", at: "Site", payer_key: "KeystoreSigner", max_fee_gwei: int, *, broadcast: bool
) -> "Sender":
    """The account that pays; without `broadcast`, one that goes as far as the dry run and refuses to send."""
    from governance.adapters.sender import DrySender

    chain = node(space, at.network)
    if not broadcast:
        return DrySender(chain, payer_key.address)
    return payer(space, chain, at.network.name, payer_key, max_fee_gwei)


def payer(
    space: "FileWorkspace",
    chain: "NodeChain | AgreedChain",
    network: str,
    key: "KeystoreSigner",
    max_fee_gwei: int,
    patience: float | None = None,
) -> "Payer":
    """An account that pays, signs, keeps what it signed, and sends; `patience` is in seconds."""
    from governance.adapters.sender import RECEIPT_TIMEOUT, JournalledSender

    return JournalledSender(
        chain=chain,
        signer=key,
        journal=journal(space),
        network=network,
        max_fee_per_gas=max_fee_gwei * GWEI,
        clock=time.monotonic,
        sleep=time.sleep,
        patience=RECEIPT_TIMEOUT if patience is None else patience,
    )


def witness(tx: "SafeTx", version: str) -> "Bytes32":
    """The second implementation of the Safe transaction hash: safe-eth-py's."""
    from governance.adapters.witness import safe_tx_hash_by_safe_eth

    return safe_tx_hash_by_safe_eth(tx, version)
