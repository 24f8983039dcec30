"""The governed systems of the simulator: dispatchers of each generation, a diamond, and the facets that run in them.

Deployed dispatchers route at `applyRoutes` and take removals only from whoever may stop them; ours routes at activation,
all at once. Errors and the order of checks are those of the contracts.
"""

from typing import Any

from governance.core.call import encode_call, function
from governance.core.facts import Generation, Route
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, address_bytes, checksummed
from tests.simulator_contracts import ADMIN, APPLY, COMMIT, EMERGENCY, AccessControl
from tests.simulator_evm import Contract, Message, Revert, World, error, external

MAX_BATCH = 100
MAX_CODE = 24_576


class Routing(Contract):
    """What calls of no function of its own do: the facet that the route names runs, in this contract's storage."""

    own: frozenset[bytes]
    """Selectors that the real contract answers itself, before any route."""

    def __init__(self, address: Address, code: bytes, **more: Any) -> None:
        super().__init__(address, code, **more)
        self.routes: dict[bytes, Route] = {}
        self.storage: dict[str, object] = {}

    def delegate(self, msg: Message, facet: Address) -> bytes:
        account = msg.world.accounts.get(facet)
        if account is None:
            return b""
        if not isinstance(account, Facet):
            raise Revert
        return account.receive(Message(world=msg.world, sender=msg.sender, data=msg.data, storage=self))

    def put(self, route: Route) -> None:
        self.routes[route.selector] = route

    def refuse_unsimulated(self, msg: Message) -> None:
        if msg.data[:4] in self.own:
            raise NotImplementedError(f"the simulator does not answer 0x{msg.data[:4].hex()}")


class Dispatcher(Routing, AccessControl):
    """What every generation of manifest dispatcher has."""

    generation: Generation
    frozen_error = "FrozenContract()"

    def __init__(
        self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]], *, own: frozenset[bytes]
    ) -> None:
        super().__init__(address, code, grants=grants)
        self.own = own
        self.active_root = self.pending_root = ZERO_WORD
        self.active_epoch = self.committed_at = self.activation_delay = 0
        self.paused = self.frozen = False

    def fallback(self, msg: Message) -> bytes:
        self.refuse_unsimulated(msg)
        self.require_running()
        route = self.routes.get(msg.data[:4])
        if route is None:
            raise error("NoRoute()")
        if msg.world.code_hash(route.facet) != route.code_hash:
            raise error("CodehashMismatch()")
        return self.delegate(msg, route.facet)

    def require_running(self) -> None:
        if self.paused:
            raise error("EnforcedPause()")

    def require_upgradable(self, msg: Message, role: Bytes32) -> None:
        self.require(msg, role)
        self.require_running()
        if self.frozen:
            raise error(self.frozen_error)

    @external("commitRoot(bytes32,uint64)")
    def commit_root(self, msg: Message, root: bytes, epoch: int) -> None:
        self.require_upgradable(msg, COMMIT)
        if not any(root):
            raise error("RootZero()")
        if epoch != self.active_epoch + 1:
            raise error("BadEpoch()")
        self.drop_pending()
        self.pending_root, self.committed_at = Bytes32(root), msg.world.now

    def drop_pending(self) -> None:
        """Deployed generations keep what was applied of the root before."""

    @external("applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])")
    def apply_routes(
        self,
        msg: Message,
        selectors: list[bytes],
        facets: list[Address],
        hashes: list[bytes],
        proofs: list[list[bytes]],
        sides: list[list[bool]],
    ) -> None:
        self.require_upgradable(msg, APPLY)
        if self.pending_root == ZERO_WORD:
            raise error("NoPendingRoot()")
        if len({len(selectors), len(facets), len(hashes), len(proofs), len(sides)}) != 1:
            raise error("LenMismatch()")
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        self.refuse_repeated(selectors)
        for selector, facet, code_hash, proof, side in zip(selectors, facets, hashes, proofs, sides, strict=True):
            route = Route(selector=selector, facet=facet, code_hash=Bytes32(code_hash))
            if _walk(route, proof, side) != self.pending_root:
                raise error("InvalidProof()")
            self.stage(msg, route)

    def refuse_repeated(self, selectors: list[bytes]) -> None:
        for i, selector in enumerate(selectors):
            if selector in selectors[:i]:
                raise error("DuplicateSelector(bytes4)", selector)

    def stage(self, msg: Message, route: Route) -> None:
        """Deployed generations: in effect at once, whatever the activation delay says."""
        self.require_facet(msg, route)
        self.put(route)

    def require_facet(self, msg: Message, route: Route) -> None:
        code = msg.world.code(route.facet)
        if route.facet == ZERO_ADDRESS:
            raise error("ZeroAddress()")
        if route.facet == self.address:
            raise error("FacetIsSelf()")
        if not code:
            raise error("ZeroCodeFacet(address)", route.facet)
        if len(code) > MAX_CODE:
            raise error("CodeSizeExceeded(address,uint256)", route.facet, len(code))
        if keccak(code) != route.code_hash:
            arguments = (route.facet, route.code_hash, keccak(code))
            raise error("FacetCodeMismatch(address,bytes32,bytes32)", *arguments)

    @external("activateCommittedRoot()")
    def activate(self, msg: Message) -> None:
        self.require_upgradable(msg, APPLY)
        if self.pending_root == ZERO_WORD:
            raise error("NoPendingRoot()")
        earliest = self.committed_at + self.activation_delay
        if msg.world.now < earliest:
            raise error("ActivationNotReady(uint64,uint64)", earliest, msg.world.now)
        self.active_root, self.pending_root, self.committed_at = self.pending_root, ZERO_WORD, 0
        self.active_epoch += 1

    @external("removeRoutes(bytes4[])")
    def remove_routes(self, msg: Message, selectors: list[bytes]) -> None:
        self.require(msg, EMERGENCY)
        self.require_running()
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        for selector in selectors:
            self.routes.pop(selector, None)

    @external("pause()")
    def pause(self, msg: Message) -> None:
        self.require(msg, EMERGENCY)
        self.require_running()
        self.paused = True

    @external("unpause()")
    def unpause(self, msg: Message) -> None:
        """Deployed generations let whoever may pause end the pause too."""
        self.require(msg, EMERGENCY)
        self.end_pause()

    def end_pause(self) -> None:
        if not self.paused:
            raise error("ExpectedPause()")
        self.paused = False

    @external("freeze()")
    def freeze(self, msg: Message) -> None:
        self.require(msg, ADMIN)
        if self.frozen:
            raise error(self.frozen_error)
        self.frozen = True


class V1(Dispatcher):
    generation = Generation.V1
    frozen_error = "FrozenError()"


class Compact(Dispatcher):
    generation = Generation.COMPACT


class P4(Dispatcher):
    generation = Generation.P4


class Ours(Dispatcher):
    """Applied routes are dormant until activation; a zero facet removes; unpausing is the admin's."""

    generation = Generation.OURS

    def __init__(
        self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]], *, own: frozenset[bytes]
    ) -> None:
        super().__init__(address, code, grants, own=own)
        self.staged: dict[bytes, Route] = {}
        self.delay_at_commit = 0

    def commit_root(self, msg: Message, root: bytes, epoch: int) -> None:
        super().commit_root(msg, root, epoch)
        self.delay_at_commit = self.activation_delay

    def drop_pending(self) -> None:
        self.staged, self.pending_root, self.committed_at = {}, ZERO_WORD, 0

    def refuse_repeated(self, selectors: list[bytes]) -> None:
        """Told at the route itself, so that it holds across calls."""

    def stage(self, msg: Message, route: Route) -> None:
        if route.selector in self.own:
            raise error("SelectorReserved(bytes4)", route.selector)
        if route.facet != ZERO_ADDRESS or route.code_hash != ZERO_WORD:
            self.require_facet(msg, route)
        if msg.world.code(route.facet).startswith(b"\xef\x01\x00"):
            raise error("FacetIsDelegated(address)", route.facet)
        if route.selector in self.staged:
            raise error("DuplicateSelector(bytes4)", route.selector)
        self.staged[route.selector] = route

    def activate(self, msg: Message) -> None:
        later, self.activation_delay = self.activation_delay, self.delay_at_commit
        super().activate(msg)
        self.activation_delay = later
        for route in self.staged.values():
            self.put(route)
            if route.facet == ZERO_ADDRESS:
                del self.routes[route.selector]
        self.staged = {}

    def remove_routes(self, msg: Message, selectors: list[bytes]) -> None:
        self.require(msg, EMERGENCY)
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        for selector in selectors:
            self.routes.pop(selector, None)
        self.drop_pending()

    def unpause(self, msg: Message) -> None:
        self.require(msg, ADMIN)
        self.end_pause()


def _walk(route: Route, proof: list[bytes], sides: list[bool]) -> bytes:
    """RouteProof.sol, profile B, spelt out."""
    if len(proof) != len(sides):
        raise error("ProofLengthMismatch()")
    packed = route.selector + address_bytes(route.facet) + route.code_hash
    walked = keccak(b"\x00" + keccak(b"\x00" + packed))
    for sibling, right in zip(proof, sides, strict=True):
        walked = keccak(b"\x01" + (walked + sibling if right else sibling + walked))
    return walked


class Diamond(Routing):
    """A plain EIP-2535 diamond with an owner. Its own functions are immutable, and routed to itself."""

    def __init__(self, address: Address, code: bytes, owner: Address, *, own: frozenset[bytes]) -> None:
        super().__init__(address, code)
        self.owner = owner
        self.own = own
        for selector in own:
            self.routes[selector] = Route(selector=selector, facet=address, code_hash=Bytes32(keccak(code)))

    def fallback(self, msg: Message) -> bytes:
        self.refuse_unsimulated(msg)
        route = self.routes.get(msg.data[:4])
        if route is None:
            raise error("FunctionMissing(bytes4)", msg.data[:4])
        return self.delegate(msg, route.facet)

    @external("owner()(address)")
    def owned_by(self, _msg: Message) -> Address:
        return self.owner

    @external("diamondCut((address,uint8,bytes4[])[],address,bytes)")
    def diamond_cut(self, msg: Message, cuts: list[tuple[str, int, list[bytes]]], init: Address, _data: bytes) -> None:
        if msg.sender != self.owner:
            raise error("CallerNotOwner(address)", msg.sender)
        if init != ZERO_ADDRESS:
            raise NotImplementedError("the simulator runs no init")
        for facet, action, selectors in cuts:
            self._cut(msg.world, checksummed(bytes.fromhex(facet[2:])), action, selectors)

    def _cut(self, world: World, facet: Address, action: int, selectors: list[bytes]) -> None:
        if not selectors:
            raise error("SelectorsEmpty()")
        if action == 2 and facet != ZERO_ADDRESS:
            raise error("RemovalNamesFacet(address)", facet)
        if action != 2 and not world.code(facet):
            raise error("FacetWithoutCode(address)", facet)
        for selector in selectors:
            was = self.routes.get(selector)
            if was is not None and was.facet == self.address:
                raise error("SelectorImmutable(bytes4)", selector)
            if action == 0 and was is not None:
                raise error("SelectorExists(bytes4)", selector)
            if action != 0 and was is None:
                raise error("SelectorMissing(bytes4)", selector)
            if action == 1 and was is not None and was.facet == facet:
                raise error("FacetUnchanged(bytes4)", selector)
            self.routes.pop(selector, None)
            if action != 2:
                self.put(Route(selector=selector, facet=facet, code_hash=world.code_hash(facet)))


class Facet(Contract):
    """Code that runs in the storage of whoever delegates to it. Called directly, it would have nobody to ask."""

    def require_admin(self, msg: Message) -> None:
        me = self.me(msg).address
        asked = encode_call(function("hasRole(bytes32,address)"), [ADMIN, msg.sender])
        if not any(msg.world.call(me, me, asked)):
            raise error("CallerNotAdmin(address)", msg.sender)

    def me(self, msg: Message) -> Routing:
        if not isinstance(msg.storage, Routing):
            raise Revert
        return msg.storage


class Fee1(Facet):
    """FeeFacet@1."""

    @external("setFee(uint256)")
    def set_fee(self, msg: Message, fee: int) -> None:
        self.require_admin(msg)
        self.me(msg).storage["fee"] = fee

    @external("fee()(uint256)")
    def fee(self, msg: Message) -> int:
        return int(str(self.me(msg).storage.get("fee", 30)))


class Fee2(Fee1):
    """FeeFacet@2: with a cap."""

    def set_fee(self, msg: Message, fee: int) -> None:
        self.require_admin(msg)
        if fee > 500:
            raise error("FeeAboveCap(uint256,uint256)", fee, 500)
        self.me(msg).storage["fee"] = fee

    def fee(self, msg: Message) -> int:
        return min(500, super().fee(msg))

    @external("maxFee()(uint256)")
    def max_fee(self, _msg: Message) -> int:
        return 500


class Treasury1(Facet):
    """TreasuryFacet@1."""

    @external("setTreasury(address)")
    def set_treasury(self, msg: Message, treasury: Address) -> None:
        self.require_admin(msg)
        if treasury == ZERO_ADDRESS:
            raise error("TreasuryZero()")
        self.me(msg).storage |= {"treasury": treasury, "since": msg.world.now}

    @external("treasury()(address)")
    def treasury(self, msg: Message) -> object:
        return self.me(msg).storage.get("treasury", ZERO_ADDRESS)

    @external("treasurySince()(uint64)")
    def treasury_since(self, msg: Message) -> object:
        return self.me(msg).storage.get("since", 0)


FACETS: dict[str, type[Facet]] = {"FeeFacet@1": Fee1, "FeeFacet@2": Fee2, "TreasuryFacet@1": Treasury1}
DISPATCHERS: dict[Generation, type[Dispatcher]] = {kind.generation: kind for kind in (V1, Compact, P4, Ours)}
