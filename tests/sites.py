"""A council at work, on the simulator or on anvil: the ports, a workspace, signers, a payer, and what people do.

Both are built from one blueprint, with anvil's published keys, so that every address, plan, hash and digest is the same
on both. Nothing here decides what is right: it does, looks, and hands over what it saw.
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from governance.adapters import anvil, policyedit
from governance.adapters.anchor import NodeAnchor
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import CHAIN_ID, MEMBERS, NETWORK, PASSWORD, DevnetFolder, UnlockedSender
from governance.adapters.journal import SqlJournal
from governance.adapters.keys import KeystoreSigner
from governance.adapters.safe import NodeSafe
from governance.adapters.sender import JournalledSender
from governance.adapters.target import NodeTarget
from governance.adapters.timelock import NodeTimelock
from governance.adapters.witness import safe_tx_hash_by_safe_eth
from governance.adapters.workspace import FileWorkspace
from governance.core.blueprint import Blueprint, blueprint, safe_address
from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import GovError
from governance.core.facts import Generation, Receipt
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.merkle import Odd, Profile, leaves, root
from governance.core.operation import Operation
from governance.core.plan import Step
from governance.core.safetx import SafeTx
from governance.core.signature import combine, read_signature
from governance.core.stage import Stage
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration
from governance.life import approve, pin, schedule, sign, verify, watch
from governance.life import execute as life_execute
from governance.life.deploy import deploy
from governance.life.draft import workspace_files
from governance.life.site import Site
from governance.ports import Sender
from tests import simulator
from tests import simulator_contracts as contracts
from tests import simulator_systems as systems
from tests.chainkit import Account
from tests.core.test_deployment import described, parts
from tests.simulator_evm import Contract

ROOT = Path(__file__).resolve().parents[1]
DAY = 86_400
DELAY = 2 * DAY
"""Of the timelock and of the rule `upgrades-are-slow`, in seconds."""
GUARDIANS = ("frank", "grace", "heidi")
MNEMONIC = "test test test test test test test test test test test junk"
"""Anvil's published default."""

COUNCIL_RULE = """
  - id: council-changes-itself
    kinds: [council_change]
    may_propose: author
    approvals:
      - {role: council, at_least: threshold}
    via: council
    delay: 0 s
    risk: constitutional
"""
"""What a council adds that wants to change itself by the tool; the template leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which system stands there."""

    generation: Generation = Generation.OURS
    safe_version: str = "1.4.1"
    activation_delay: str = "0 s"

    @property
    def name(self) -> str:
        digits = self.safe_version.replace(".", ""), self.activation_delay.replace(" ", "")
        return f"{self.generation}-{'-'.join(digits)}"

    def __str__(self) -> str:
        return f"{self.generation}, Safe {self.safe_version}, activation after {self.activation_delay}"


@cache
def people() -> Mapping[str, Account]:
    """The devnet's members with their keys."""
    from coincurve import PublicKey
    from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

    from governance.core.units import checksummed

    seed = seed_from_mnemonic(MNEMONIC, "")
    keys = [bytes(key_from_seed(seed, f"m/44'/60'/0'/0/{i}")) for i in range(len(MEMBERS))]
    publics = [PublicKey.from_secret(key).format(compressed=False)[1:] for key in keys]
    addresses = [checksummed(keccak(public)[12:]) for public in publics]
    return {n: Account(address=a, key=k) for n, a, k in zip(MEMBERS, addresses, keys, strict=True)}


@cache
def planned(options: Options) -> Blueprint:
    """The system on paper."""
    routed = [{"artifact": name, "selectors": "all"} for name in ("FeeFacet@1", "TreasuryFacet@1")]
    wanted = described(
        options.generation,
        name=options.name,
        safe_version=options.safe_version,
        target__activation_delay=options.activation_delay,
        target__facets=routed,
    )
    members = {name: account.address for name, account in people().items()}
    return blueprint(wanted, parts(wanted), members, members["deployer"])


def introducing(text: str, known: Mapping[Address, str]) -> str:
    """A document that says of every unknown account who it is."""
    document = json.loads(text)
    unknown = [
        found for found in dict.fromkeys(re.findall(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])", text)) if found not in known
    ]
    named = [
        {"address": each, "name": f"somebody-{chr(97 + i)}", "purpose": "Somebody who takes part in this test"}
        for i, each in enumerate(each for each in unknown if each != ZERO_ADDRESS)
    ]
    return json.dumps({**document, "introduce": named} if named else document)


@dataclass(kw_only=True)
class Place:
    """One network, the folder that governs it, and everybody who takes part."""

    plan: Blueprint
    site: Site
    space: FileWorkspace
    payer: Sender
    warp: Callable[[int], object]
    """Move the chain's clock on, in seconds, and mine."""
    set_code: Callable[[Address, bytes], object]
    serve_chain: Callable[[int], object]
    """Let the endpoint answer for another chain id."""
    forget: Callable[[], Sender]
    """Lose the journal; gives a payer with an empty one."""
    account: Callable[[str], Sender]
    """Somebody who sends a plain transaction."""
    told: list[str] = field(default_factory=list)

    # ---- documents -------------------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> str:
        """A proposal's file. In one that is written as JSON, everybody who is not known is introduced."""
        self.space.proposals_folder.mkdir(exist_ok=True)
        text = introducing(text, self.space.policy().accounts()) if text.startswith("{") else text
        self.space.proposal_file(name).write_text(text, "utf-8")
        return name

    def edit(self, file: Path, old: str, new: str) -> None:
        """Change a document by hand; the text must be there."""
        text = file.read_text("utf-8")
        assert old in text, f"{file.name} has no {old!r}"
        file.write_text(text.replace(old, new), "utf-8")

    # ---- the life --------------------------------------------------------------------------------------------------

    def lock(self, name: str) -> pin.Planned:
        made = pin.lock([self.site], self.space, name, rehearse=None).planned
        return made[NETWORK]

    def sign(self, name: str, *signers: str) -> None:
        """Each is shown the card of the moment and signs."""
        for signer in signers:
            ceremony = sign.prepare(self.site, self.space, name, safe_tx_hash_by_safe_eth, rehearse=None)
            sign.sign(ceremony, people()[signer], self.space)

    def approve(self, name: str, *members: str, role: str | None = None, valid_for: str | None = None) -> None:
        """Each is shown the card of the moment and approves."""
        lifetime = None if valid_for is None else Duration.parse(valid_for)
        for member in members:
            account = people()[member]
            request = approve.prepare(
                self.site, self.space, name, account.address, role=role, valid_for=lifetime, rehearse=None
            )
            approve.approve(request, account, self.space)

    def enforce(self, *edits: tuple[str, str]) -> None:
        """Edit the policy and put it in force, as the timelock does."""
        for old, new in edits:
            self.edit(self.space.policy_file, old, new)
        anchor, digest = self.site.network.policy_anchor, self.space.policy().digest
        self.timelock_does((anchor, "setPolicy(bytes32,string)", [digest, "policies.yaml"]))

    def queue(self, name: str) -> watch.Sighting:
        return schedule.queue(self.site, self.space, name, self.payer, self._tell, rehearse=None)

    def execute(self, name: str) -> watch.Sighting:
        return life_execute.execute(self.site, self.space, name, self.payer, self._tell, rehearse=None)

    def verify(self, name: str) -> verify.Verification:
        return verify.verify(self.site, self.space, name)

    def look(self, name: str) -> watch.Sighting:
        return watch.look(self.site, self.space, name)

    def steps(self, name: str) -> tuple[Step, ...]:
        """What the lock file holds."""
        locked = self.look(name).locked
        assert locked is not None
        return locked.plan.steps

    def operation(self, name: str) -> Operation:
        """The first of a proposal."""
        found = self.steps(name)[0].operation
        assert found is not None
        return found

    def stage(self, name: str) -> Stage:
        return self.look(name).stage

    def _tell(self, words: str, _receipt: Receipt) -> None:
        self.told.append(words)

    def approved(self, name: str, text: str, *signers: str) -> str:
        """A proposal that has been locked and signed by enough."""
        self.write(name, text)
        self.lock(name)
        self.sign(name, *(signers or ("alice", "bob", "carol")))
        return name

    def queued(self, name: str, text: str) -> str:
        """A proposal whose operations wait in the timelock."""
        self.queue(self.approved(name, text))
        return name

    def executed(self, name: str, text: str) -> str:
        """A proposal that has come to its end."""
        self.queued(name, text)
        self.warp(DELAY)
        self.execute(name)
        return name

    def by_guardians(self, name: str, text: str) -> str:
        """What two of three guardians do at once."""
        self.approved(name, text, "frank", "grace")
        self.execute(name)
        return name

    # ---- beside the tool -------------------------------------------------------------------------------------------

    def safe_sends(self, lane: Lane, call: Call, *signers: str, nonce: int | None = None) -> Receipt:
        """The owners of a Safe agree on something without telling the tool."""
        safe, head = self.site.safe(lane), self.site.chain.head()
        facts = safe.look(head)
        at = facts.nonce if nonce is None else nonce
        tx = SafeTx(chain_id=CHAIN_ID, safe=facts.address, to=call.to, data=call.data, nonce=at)
        signed = [read_signature(tx.hash, people()[name].sign(tx.hash)) for name in signers]
        blob = combine(signed, len(signed))
        return self.payer.send(safe.execution(tx, blob), purpose=f"beside {len(self.told)} {tx.hash.hex()}")

    def council_sends(self, signature: str, *arguments: Any, to: Address | None = None) -> Receipt:
        """Three of five, by default to the council Safe itself."""
        whom = self.site.network.council if to is None else to
        call = Call(to=whom, data=encode_call(function(signature), arguments), summary=signature)
        return self.safe_sends(Lane.TIMELOCK, call, "alice", "bob", "carol")

    def timelock_does(self, *calls: tuple[Address, str, list[Any]]) -> None:
        """An operation that no proposal knows: scheduled, waited for, executed."""
        made = tuple(Call(to=to, data=encode_call(function(words), given), summary=words) for to, words, given in calls)
        salt = Bytes32(keccak(repr(calls).encode()))
        operation = Operation(
            timelock=self.site.network.timelock, calls=made, predecessor=ZERO_WORD, salt=salt, delay=Duration(DELAY)
        )
        self.safe_sends(Lane.TIMELOCK, operation.schedule(), "alice", "bob", "carol")
        self.warp(DELAY)
        self.payer.send(operation.execute(), purpose=f"beside {operation.id.hex()}")

    def ask(self, signature: str, to: Address | None = None) -> Any:
        """What a view of the governed system answers now; `reverted` when it does."""
        fn = function(signature)
        call = Call(to=self.site.network.target if to is None else to, data=encode_call(fn, []))
        (answer,) = self.site.chain.call_many([call], self.site.chain.head())
        return decode(fn.outputs, answer.data)[0] if answer.ok else "reverted"

    def address(self, artifact: str) -> Address:
        """Where a facet stands."""
        return self.plan.parts.facets[artifact].address


def rules(error: GovError) -> list[str]:
    """What spoke, in order."""
    return [finding.rule for finding in error.findings]


def workspace(folder: Path, plan: Blueprint) -> FileWorkspace:
    """What `gov init` writes, with the members and addresses of the plan."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policies.yaml").write_text(workspace_files()["policies.yaml"] + COUNCIL_RULE, "utf-8")
    members = {name: people()[name].address for name in plan.description.members}
    policyedit.write(folder / "policies.yaml", policyedit.addresses(plan.network(NETWORK, CHAIN_ID), members))
    return FileWorkspace(folder)


# ---- the simulator -------------------------------------------------------------------------------------------------


def simulated(folder: Path, options: Options = Options()) -> Place:
    """A system on a chain in memory, as it is handed over."""
    plan = planned(options)
    space = workspace(folder, plan)
    network = plan.network(NETWORK, CHAIN_ID)
    chain = simulator.Chain(CHAIN_ID)
    chain.place(*_accounts(plan, space.policy().digest))
    payer = simulator.Sender(chain, people()["executor"].address)

    def forget() -> Sender:
        payer.sent.clear()
        return payer

    def serve(chain_id: int) -> None:
        chain.chain_id = chain_id

    return Place(
        plan=plan,
        site=Site(
            network=network,
            chain=chain,
            council=simulator.Safe(chain, network.council),
            guardian=simulator.Safe(chain, network.guardian),
            timelock=simulator.Timelock(chain, network),
            target=simulator.Target(chain, network),
            anchor=simulator.Anchor(chain, network.policy_anchor),
            safes=lambda address: simulator.Safe(chain, address),
        ),
        space=space,
        payer=payer,
        warp=chain.warp,
        set_code=lambda account, code: chain.place(Contract(account, code)),
        serve_chain=serve,
        forget=forget,
        account=lambda name: simulator.Sender(chain, people()[name].address),
    )


def _accounts(plan: Blueprint, digest: Bytes32) -> Iterator[Contract]:
    """Every contract in the state that the handover leaves."""
    council, guardian, timelock = plan.council.address, plan.guardian.address, plan.timelock
    singleton = plan.parts.safe.singleton
    yield Contract(safe_address(singleton), singleton.runtime_code)
    for planned_safe in (plan.council, plan.guardian):
        safe = contracts.Safe(
            planned_safe.address,
            plan.parts.safe.proxy.runtime_code,
            version=plan.description.safe_version,
            chain_id=CHAIN_ID,
            owners=list(planned_safe.owners),
            threshold=planned_safe.threshold,
        )
        safe.singleton = safe_address(singleton)
        safe.fallback_handler = safe_address(plan.parts.safe.fallback_handler)
        yield safe
    roles = {
        contracts.ADMIN: [timelock],
        contracts.PROPOSER: [council],
        contracts.CANCELLER: [council, guardian],
        contracts.EXECUTOR: [ZERO_ADDRESS],
    }
    yield contracts.Timelock(timelock, plan.parts.timelock.runtime_code, roles, DELAY)
    yield contracts.Anchor(plan.policy_anchor, plan.parts.anchor.runtime_code, timelock, digest)
    for name, artifact in plan.parts.facets.items():
        yield systems.FACETS[name](artifact.address, artifact.runtime_code)
    yield _target(plan)


def _target(plan: Blueprint) -> systems.Routing:
    timelock, guardian, artifact = plan.timelock, plan.guardian.address, plan.parts.target
    generation, own = plan.description.target.generation, frozenset(artifact.selectors.values())
    if generation is Generation.DIAMOND:
        diamond = systems.Diamond(plan.target, artifact.runtime_code, timelock, own=own)
        diamond.routes |= {route.selector: route for route in plan.routes}
        return diamond
    stops = [guardian] if generation is Generation.OURS else [guardian, timelock]
    grants = {role: [timelock] for role in (contracts.ADMIN, contracts.COMMIT, contracts.APPLY)}
    grants[contracts.EMERGENCY] = stops
    target = systems.DISPATCHERS[generation](plan.target, artifact.runtime_code, grants, own=own)
    target.routes = {route.selector: route for route in plan.routes}
    target.active_root = root(leaves(Profile.B, plan.routes), Profile.B, Odd.PROMOTE)
    target.active_epoch = 1
    target.activation_delay = plan.description.target.activation_delay.seconds
    return target


# ---- anvil ---------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Devnet:
    """One anvil on which many systems stand side by side, each deployed when it is first wanted."""

    folder: DevnetFolder
    url: str
    deployed: set[Options] = field(default_factory=set)

    @property
    def chain(self) -> NodeChain:
        return NodeChain(self.url, CHAIN_ID, NETWORK)

    def ask(self, method: str, *params: Any) -> Any:
        return anvil.ask(self.url, method, *params)

    def ensure(self, options: Options, digest: Bytes32) -> None:
        """The system stands, as a real one is deployed."""
        if options in self.deployed:
            return
        chain = self.chain
        sender = UnlockedSender(chain, self.url, people()["deployer"].address)
        deploy(
            planned(options),
            NETWORK,
            digest=digest,
            uri="policies.yaml",
            chain=chain,
            sender=sender,
            told=lambda _: None,
        )
        self.deployed.add(options)


@contextmanager
def devnet(folder: Path) -> Iterator[Devnet]:
    """Start an anvil with the devnet's keys; it ends with the block."""
    made = DevnetFolder(folder)
    running = made.start(anvil.require_anvil(ROOT))
    try:
        yield Devnet(folder=made, url=running.process.url)
    finally:
        made.stop()


@contextmanager
def on_anvil(at: Devnet, folder: Path, options: Options = Options()) -> Iterator[Place]:
    """A system on a real node, put back as it was when the block ends."""
    plan = planned(options)
    space = workspace(folder, plan)
    at.ensure(options, space.policy().digest)
    snapshot = at.ask("evm_snapshot")
    network, chain = plan.network(NETWORK, CHAIN_ID), at.chain
    journal = folder / "journal"

    def payer() -> Sender:
        shutil.rmtree(journal, ignore_errors=True)
        journal.mkdir()
        return JournalledSender(
            chain=at.chain,
            signer=KeystoreSigner.open(at.folder.keys / "executor.json", PASSWORD),
            journal=SqlJournal(f"sqlite:///{journal / 'journal.sqlite3'}"),
            network=NETWORK,
            max_fee_per_gas=10**12,
            clock=time.monotonic,
            sleep=time.sleep,
        )

    def warp(seconds: int) -> None:
        at.ask("evm_increaseTime", seconds)
        at.ask("evm_mine")

    def set_code(account: Address, code: bytes) -> None:
        at.ask("anvil_setCode", account, f"0x{code.hex()}")
        at.ask("evm_mine")

    try:
        yield Place(
            plan=plan,
            site=Site(
                network=network,
                chain=chain,
                council=NodeSafe(chain, network.council),
                guardian=NodeSafe(chain, network.guardian),
                timelock=NodeTimelock(chain, network.timelock, council=network.council, guardian=network.guardian),
                target=NodeTarget(chain, network),
                anchor=NodeAnchor(chain, network.policy_anchor),
                safes=lambda address: NodeSafe(chain, address),
            ),
            space=space,
            payer=payer(),
            warp=warp,
            set_code=set_code,
            serve_chain=lambda chain_id: at.ask("anvil_setChainId", chain_id),
            forget=payer,
            account=lambda name: UnlockedSender(chain, at.url, people()[name].address),
        )
    finally:
        at.ask("anvil_setChainId", CHAIN_ID)
        assert at.ask("evm_revert", snapshot) is True
