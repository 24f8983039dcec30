"""Fifteen signatures over one hash: whose each is, whether enough owners agreed, and the bytes for the Safe. And the commands
of a signer, from the start of their process.
"""

from collections.abc import Callable
from itertools import cycle

from bench.harness import Contest, Contestant, contest, repeated
from bench.processes import command, gov

OURS, SAFE_ETH = "governance.core.quorum", "safe-eth-py SafeSignature"
OWNERS = 15
SIGN_HELP, SIGNATURES = "gov sign --help", "gov signatures ID"
HASHES = 2000
"""Each is signed anew, so that nobody has seen a signature before."""

Signed = tuple[bytes, tuple[bytes, ...]]
"""A hash, and fifteen signatures over it."""


def fifteen(*, rounds: int) -> Contest:
    """Ours and safe-eth-py's, over the same signatures. Raises AssertionError when the bytes differ."""
    owners, signed = _signed()
    ours, theirs = _ours(owners), _safe_eth(owners)
    assert ours(signed[0]) == theirs(signed[0]), "the two give different bytes"
    contestants = [
        Contestant(name=name, once=repeated(_over(work, signed), 50))
        for name, work in ((OURS, ours), (SAFE_ETH, theirs))
    ]
    measures = (
        "from fifteen times 65 bytes to the bytes for execTransaction: each signer recovered and held against fifteen "
        "owners, sorted and joined. No signature is seen twice; both recover with libsecp256k1"
    )
    return contest(f"{OWNERS} signatures, counted and combined", measures, contestants, rounds=rounds)


def _over(work: Callable[[Signed], object], signed: list[Signed]) -> Callable[[], object]:
    turns = cycle(signed)
    return lambda: work(next(turns))


def _signed() -> tuple[list[str], list[Signed]]:
    from coincurve import PrivateKey

    from governance.core.keccak import keccak
    from governance.core.units import checksummed

    keys = [PrivateKey(keccak(bytes((number,)))) for number in range(OWNERS)]
    owners = [checksummed(keccak(key.public_key.format(compressed=False)[1:])[12:]) for key in keys]
    made = []
    for number in range(HASHES):
        digest = keccak(number.to_bytes(4, "big"))
        raw = [key.sign_recoverable(digest, hasher=None) for key in keys]
        made.append((digest, tuple(each[:64] + bytes((each[64] + 27,)) for each in raw)))
    return list(owners), made


def _ours(owners: list[str]) -> Callable[[Signed], bytes]:
    from governance.core.quorum import count
    from governance.core.signature import read_signature
    from governance.core.units import Address, Bytes32

    people = [Address(owner) for owner in owners]

    def work(signed: Signed) -> bytes:
        digest = Bytes32(signed[0])
        given = [read_signature(digest, each) for each in signed[1]]
        return count(digest, given, owners=people, threshold=OWNERS, approved=frozenset()).blob()

    return work


def _safe_eth(owners: list[str]) -> Callable[[Signed], bytes]:
    from safe_eth.safe.safe_signature import SafeSignature

    def work(signed: Signed) -> bytes:
        digest, given = signed
        parsed = [one for each in given for one in SafeSignature.parse_signature(each, digest)]
        assert sum(one.is_valid() and one.owner in owners for one in parsed) >= OWNERS
        return bytes(SafeSignature.export_signatures(parsed))

    return work


def commands(*, rounds: int) -> Contest:
    """What a signer waits for, on a local node with three signatures beside the proposal."""
    from bench.rehearsals import FIVE, system

    with system() as chain:
        chain.sign("alice", "bob", "carol")
        contestants = [
            Contestant(name=SIGN_HELP, once=command([*gov(), "sign", "--help"])),
            Contestant(name=SIGNATURES, once=command([*gov(), "signatures", FIVE, "--workspace", str(chain.root)])),
        ]
        measures = (
            "from the start of the process to its end; the second asks a local node for owners, nonce and stage, and "
            "counts three signatures"
        )
        return contest("Cold commands of a signer", measures, contestants, rounds=rounds)
