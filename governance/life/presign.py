"""`gov emergency presign`: the guardian's pause at the next nonces, proven to be only that before anybody signs.

Procedure:
1. The policy in force must have a rule that lets the guardian pause.
2. The pause is derived as the kind `emergency_pause` derives it, with the Safe's next nonce. It must be one plain call of
   `pause()`: nothing else is ever signed ahead.
3. It is played on the newest block and traced: it must do nothing but stop (`core/stopping.py`).
4. The same transaction at each further nonce. Its hash comes from three places: our core, safe-eth-py, and the Safe itself.
5. The signer must be an owner of the guardian, by its own key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from governance.core.errors import ChainContradicts, Finding, Refused
from governance.core.facts import Head, SafeFacts, TargetFacts
from governance.core.kinds import Lane
from governance.core.network import Network
from governance.core.pins import Needs
from governance.core.policy import Policy, Rule
from governance.core.safetx import SafeTx
from governance.core.signature import vouched
from governance.core.stopping import Stop, plain_pause, require_stop
from governance.core.units import Address, Duration, Moment, to_hex
from governance.life.ground import Build, Ground, Life, Stage, live, planned, stand_in
from governance.life.pin import require_anchored
from governance.life.sign import Witness
from governance.life.site import Site, Workspace
from governance.life.situation import situation_of
from governance.ports import Signer, Simulator

KIND = "emergency_pause"
PROPOSAL = "presigned-pause"
MOST = 100
"""Nonces that are signed ahead at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presigning:
    """What a guardian is asked to sign on one network."""

    network: Network
    head: Head
    safe: SafeFacts
    target: TargetFacts
    rule: Rule
    txs: tuple[SafeTx, ...]
    """The pause at the Safe's next nonces, ascending."""
    expires: Moment


def presigning(
    site: Site,
    workspace: Workspace,
    simulator: Simulator,
    build: Build,
    witness: Witness,
    *,
    nonces: int,
    lifetime: Duration,
) -> Presigning:
    """Steps 1 to 4. Raises Refused, with every finding, or ChainContradicts."""
    if not 0 < nonces <= MOST:
        raise Refused(f"{nonces} nonces cannot be signed ahead", hint=f"between 1 and {MOST}")
    ground = ground_now(simulator, build, site)
    policy, network = workspace.policy(), site.network
    require_anchored(site, policy, ground.stage.head)
    rule = rule_of(policy, network)
    life, stop = paused_on(ground, workspace, policy, rule)
    safe, first = stop.before.guardian, stop.txs[0]
    require_stop(stop, network)
    txs = tuple(replace(first, nonce=safe.nonce + i) for i in range(nonces))
    findings = plain_pause(txs, network)
    if findings or len(life.plan.steps) != 1:
        raise Refused("only plain pauses are signed ahead", findings=findings)
    _require_agreement(site, safe, txs, ground.stage.head, witness)
    head = ground.stage.head
    return Presigning(
        network=network,
        head=head,
        safe=safe,
        target=stop.before.target,
        rule=rule,
        txs=txs,
        expires=head.timestamp + lifetime,
    )


def ground_now(simulator: Simulator, build: Build, site: Site) -> Ground:
    """The newest block itself, to play on."""
    head = site.chain.head()
    return Stage(simulator=simulator, build=build, head=head).ground((), (), head.timestamp)


def rule_of(policy: Policy, network: Network) -> Rule:
    """The rule by which the guardian pauses. Raises Refused where the policy has none."""
    rule = policy.rule_for(KIND, network.name)
    if rule is None or rule.via != Lane.GUARDIAN:
        message = f"no rule of policies.yaml lets the guardian pause {network.name}"
        finding = Finding(rule="no-rule", message=message, hint="a policy_change brings one")
        raise Refused("the policy allows no emergency pause", findings=(finding,))
    return rule


def paused_on(ground: Ground, workspace: Workspace, policy: Policy, rule: Rule) -> tuple[Life, Stop]:
    """The pause played on a ground, and all that it does. Raises Refused where it cannot be made, or reverts."""
    network = ground.site.network
    pause = stand_in(KIND, network, policy, PROPOSAL, "Signed ahead, to be sent in an emergency.")
    locked = planned(ground, workspace, pause, policy, rule)
    before = situation_of(ground.site, Needs(), ground.head)
    life = live(ground, locked)
    if life.after is None:
        told = [r.played.reason for block in life.blocks for r in block.acts if not r.as_it_must]
        findings = tuple(Finding(rule="pause-reverts", message=f"the pause reverts: {each}") for each in told)
        raise Refused(f"the guardian cannot pause {network.name}", findings=findings)
    stop = Stop(
        txs=tuple(step.safe_tx for step in life.plan.steps),
        changes=life.changes,
        frames=life.frames,
        before=before,
        after=situation_of(life.after.site, Needs(), life.after.head),
    )
    return life, stop


def _require_agreement(site: Site, safe: SafeFacts, txs: Sequence[SafeTx], head: Head, witness: Witness) -> None:
    for tx in txs:
        others = {"safe-eth-py": witness(tx, safe.version), "the Safe itself": site.guardian.hash_of(tx, head)}
        for name, found in others.items():
            if found != tx.hash:
                raise ChainContradicts(
                    f"our hash of nonce {tx.nonce} is {to_hex(tx.hash)}, {name} says {to_hex(found)}",
                    hint="sign nothing: one of the implementations is wrong, or the Safe is not what it seems",
                )


def presign(made: Presigning, signer: Signer, confirm: Callable[[SafeTx], None]) -> dict[int, tuple[Address, bytes]]:
    """Step 5, and a signature for each nonce, every one confirmed before any is asked for."""
    if signer.address not in made.safe.owners:
        finding = Finding(
            rule="not-an-owner",
            message=f"{signer.address} is no owner of the guardian {made.safe.address}",
            hint=f"owners are {', '.join(made.safe.owners)}; one that is a Safe cannot sign ahead",
        )
        raise Refused("only owners of the guardian sign ahead", findings=(finding,))
    for tx in made.txs:
        confirm(tx)
    return {tx.nonce: (signer.address, vouched(tx.hash, signer.sign(tx), signer.address)) for tx in made.txs}
