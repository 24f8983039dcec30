"""Where each part of a described system will stand, and the init code that puts it there.

Addresses follow from the description, the members' addresses, the deployer and the artifacts; not from nonces and not
from the network. The one part whose constructor must know its own surroundings is the policy anchor: it holds the
digest of a file that names the anchor. So it is created by a cradle, a contract of 47 bytes that obeys only the
deployer, and stands at the cradle's first address whatever its constructor is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.core.artifact import (
    DEPLOYMENT_PROXY,
    SAFE_SINGLETON_FACTORY,
    Artifact,
    create2_address,
    first_create_address,
)
from governance.core.call import encode_call, function
from governance.core.deployment import Description, SafeDescription
from governance.core.errors import Finding, Rejected
from governance.core.facts import Generation, Route
from governance.core.keccak import keccak
from governance.core.network import Network
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, address_bytes

SETUP = function("setup(address[],uint256,address,bytes,address,address,uint256,address)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeParts:
    """Safe's contracts of one version, as published."""

    singleton: Artifact
    """SafeL2: the one that logs its transactions."""
    factory: Artifact
    fallback_handler: Artifact
    proxy: Artifact

    @property
    def deployed(self) -> tuple[Artifact, ...]:
        """Those that Safe's own factory deploys, in order."""
        return (self.singleton, self.factory, self.fallback_handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Every artifact that a description needs."""

    safe: SafeParts
    timelock: Artifact
    target: Artifact
    anchor: Artifact
    facets: Mapping[str, Artifact]
    """By the name the description gives them; routed and staged ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSafe:
    """A Safe that will stand at `address` once the factory is called with `initializer` and `nonce`."""

    address: Address
    owners: tuple[Address, ...]
    threshold: int
    initializer: bytes
    salt_nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """The system before it exists."""

    description: Description
    parts: Parts
    deployer: Address
    """Admin of everything until it is handed over, and of nothing afterwards."""
    salt: Bytes32
    council: PlannedSafe
    guardian: PlannedSafe
    executors: tuple[Address, ...]
    """Holders of EXECUTOR_ROLE; the zero address stands for anyone."""
    timelock_code: bytes
    target_code: bytes
    routes: tuple[Route, ...]
    """Live from the first day, by selector ascending."""

    @property
    def timelock(self) -> Address:
        """Where the timelock will stand."""
        return create2_address(DEPLOYMENT_PROXY, self.salt, self.timelock_code)

    @property
    def target(self) -> Address:
        """Where the governed system will stand."""
        return create2_address(DEPLOYMENT_PROXY, self.salt, self.target_code)

    @property
    def cradle_code(self) -> bytes:
        """Init code of the cradle."""
        return cradle(self.deployer)

    @property
    def cradle(self) -> Address:
        """Where the cradle will stand."""
        return create2_address(DEPLOYMENT_PROXY, self.salt, self.cradle_code)

    @property
    def policy_anchor(self) -> Address:
        """Where the policy anchor will stand, whatever digest it is born with."""
        return first_create_address(self.cradle)

    def network(self, name: str, chain_id: int) -> Network:
        """The system as `policies.yaml` names it."""
        return Network(
            name=name,
            chain_id=chain_id,
            council=self.council.address,
            guardian=self.guardian.address,
            timelock=self.timelock,
            target_kind=self.description.target.kind,
            target=self.target,
            policy_anchor=self.policy_anchor,
        )


def safe_address(artifact: Artifact) -> Address:
    """Where Safe's own contracts stand on every network: that they do proves the bytecode is as published."""
    return create2_address(SAFE_SINGLETON_FACTORY, ZERO_WORD, artifact.creation_code)


def blueprint(described: Description, parts: Parts, members: Mapping[str, Address], deployer: Address) -> Blueprint:
    """Work out every address. Raises Rejected with every member or selector that is not known."""
    findings = [*_unknown_members(described, members), *_unknown_selectors(described, parts)]
    if findings:
        raise Rejected("the deployment cannot be planned", findings=tuple(findings))
    council = _safe("council", described, described.council, parts.safe, members)
    guardian = _safe("guardian", described, described.guardian, parts.safe, members)
    named = described.timelock.executors
    executors = (ZERO_ADDRESS,) if named == "open" else tuple(members[name] for name in named)
    delay = described.timelock.delay.seconds
    return Blueprint(
        description=described,
        parts=parts,
        deployer=deployer,
        salt=_salt(described.name),
        council=council,
        guardian=guardian,
        executors=executors,
        timelock_code=parts.timelock.init_code(delay, [council.address], list(executors), deployer),
        target_code=_target_code(described.target.generation, parts.target, deployer, guardian.address),
        routes=_routes(described, parts),
    )


def cradle(deployer: Address) -> bytes:
    """Init code of a contract that does one thing: for the deployer, it CREATEs what it is called with.

    runtime: CALLER PUSH20 deployer XOR PUSH1 fail JUMPI · CALLDATASIZE PUSH1 0 PUSH1 0 CALLDATACOPY ·
             CALLDATASIZE PUSH1 0 CALLVALUE CREATE ISZERO PUSH1 fail JUMPI STOP · fail: JUMPDEST PUSH1 0 DUP1 REVERT
    """
    fail = 0x2A
    runtime = b"\x33\x73" + address_bytes(deployer) + b"\x18\x60" + bytes([fail]) + b"\x57"
    runtime += (
        bytes.fromhex("36 6000 6000 37 36 6000 34 f0 15 60") + bytes([fail]) + bytes.fromhex("57 00 5b 6000 80 fd")
    )
    size = bytes([len(runtime)])
    return b"\x60" + size + bytes.fromhex("80 6009 3d 39 3d f3") + runtime


def _salt(name: str) -> Bytes32:
    return Bytes32(keccak(f"gov/{name}".encode("ascii")))


def _safe(
    role: str, described: Description, wanted: SafeDescription, parts: SafeParts, members: Mapping[str, Address]
) -> PlannedSafe:
    owners = tuple(members[name] for name in wanted.owners)
    handler = safe_address(parts.fallback_handler)
    arguments = [list(owners), wanted.threshold, ZERO_ADDRESS, b"", handler, ZERO_ADDRESS, 0, ZERO_ADDRESS]
    initializer = encode_call(SETUP, arguments)
    nonce = int.from_bytes(keccak(f"gov/{described.name}/{role}".encode("ascii")), "big")
    salt = Bytes32(keccak(keccak(initializer) + nonce.to_bytes(32, "big")))
    code = parts.proxy.creation_code + bytes(12) + address_bytes(safe_address(parts.singleton))
    return PlannedSafe(
        address=create2_address(safe_address(parts.factory), salt, code),
        owners=owners,
        threshold=wanted.threshold,
        initializer=initializer,
        salt_nonce=nonce,
    )


def _target_code(generation: Generation, artifact: Artifact, deployer: Address, guardian: Address) -> bytes:
    """Every generation is born with the deployer as admin and no delay: the first routes are activated at once."""
    match generation:
        case Generation.OURS | Generation.V1:
            return artifact.init_code(deployer, guardian, 0)
        case Generation.COMPACT | Generation.P4:
            return artifact.init_code(deployer, 0)
        case Generation.DIAMOND:
            return artifact.init_code(deployer)


def _routes(described: Description, parts: Parts) -> tuple[Route, ...]:
    found = []
    for facet in described.target.facets:
        artifact = parts.facets[facet.artifact]
        chosen = artifact.selectors if facet.selectors == "all" else facet.selectors
        for signature in chosen:
            selector = artifact.selectors[signature]
            found.append(Route(selector=selector, facet=artifact.address, code_hash=artifact.runtime_hash))
    return tuple(sorted(found))


def _unknown_members(described: Description, members: Mapping[str, Address]) -> list[Finding]:
    found = [
        Finding(rule="unknown-member", message=f"{name} has no address", hint="list it under members: in policies.yaml")
        for name in described.members
        if name not in members
    ]
    for safe in (described.council, described.guardian):
        taken: dict[Address, str] = {}
        for name in safe.owners:
            other = taken.setdefault(members[name], name) if name in members else name
            if other != name:
                found.append(
                    Finding(rule="owner-twice", message=f"{other} and {name} have one address, {members[name]}")
                )
    return found


def _unknown_selectors(described: Description, parts: Parts) -> list[Finding]:
    found: list[Finding] = []
    seen: set[bytes] = set()
    for i, facet in enumerate(described.target.facets):
        known = parts.facets[facet.artifact].selectors
        for signature in known if facet.selectors == "all" else facet.selectors:
            path = f"target.facets[{i}]"
            if signature not in known:
                message = f"{facet.artifact} has no function `{signature}`"
                found.append(Finding(rule="unknown-selector", path=path, message=message))
            elif known[signature] in seen:
                message = f"`{signature}` is routed twice"
                found.append(Finding(rule="selector-twice", path=path, message=message))
            else:
                seen.add(known[signature])
    return found
