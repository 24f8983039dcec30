"""Approvals: the hash is EIP-712's by two other implementations, and says everything that an approval was given for."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st
from safe_eth.eth.eip712 import eip712_encode_hash

from governance.core.approval import RoleApproval, Terms, council_hash
from governance.core.basis import plan_basis
from governance.core.errors import Rejected
from governance.core.facts import Generation
from governance.core.keccak import keccak
from governance.core.signature import SignatureKind, eth_sign_hash
from governance.core.units import ZERO_ADDRESS, Bytes32, Duration, Moment, checksummed
from tests.core.safevm import Person
from tests.core.test_kinds import code, pins, target
from tests.core.test_plan import WITHOUT_OLD, planned

DAVE, ERIN = Person(3), Person(4)
SEEN = Moment.parse("2026-12-01T10:00:00Z")
TERMS = Terms(
    chain_id=31337,
    timelock=checksummed(b"\x7f" * 20),
    proposal_digest=code(1),
    role="security",
    network="devnet",
    policy_digest=code(2),
    plan_basis=code(3),
    council=code(4),
    seen_at=SEEN,
    valid_until=SEEN + Duration(30 * 86400),
)
FIELDS = {
    "proposalDigest": "bytes32",
    "role": "string",
    "network": "string",
    "policyDigest": "bytes32",
    "planBasis": "bytes32",
    "council": "bytes32",
    "seenAt": "uint64",
    "validUntil": "uint64",
}
DOMAIN = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}


def typed_data(terms: Terms) -> dict[str, Any]:
    """What a wallet is given."""
    values = (
        terms.proposal_digest,
        terms.role,
        terms.network,
        terms.policy_digest,
        terms.plan_basis,
        terms.council,
        terms.seen_at.seconds,
        terms.valid_until.seconds,
    )
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in DOMAIN.items()],
            "Approval": [{"name": name, "type": kind} for name, kind in FIELDS.items()],
        },
        "primaryType": "Approval",
        "domain": {
            "name": "gov",
            "version": "1",
            "chainId": terms.chain_id,
            "verifyingContract": terms.timelock,
        },
        "message": dict(zip(FIELDS, values, strict=True)),
    }


def by_eth_account(terms: Terms) -> Bytes32:
    signable = encode_typed_data(full_message=typed_data(terms))
    assert signable == encode_typed_data(full_message=terms.typed_data())
    assert (signable.header, signable.body) == (terms.domain_hash, terms.message_hash)
    return Bytes32(keccak(b"\x19" + signable.version + signable.header + signable.body))


words = st.binary(min_size=32, max_size=32).map(Bytes32)
names = st.text(st.characters(codec="utf-8"), max_size=20)
terms_ = st.builds(
    Terms,
    chain_id=st.integers(1, 2**256 - 1),
    timelock=st.binary(min_size=20, max_size=20).map(checksummed),
    role=names,
    network=names,
    **dict.fromkeys(("proposal_digest", "policy_digest", "plan_basis", "council"), words),
    seen_at=st.integers(0, 2**63).map(Moment),
    valid_until=st.integers(2**63 + 1, 2**64 - 1).map(Moment),
)


@given(terms_)
def test_two_other_implementations_give_the_same_hash(terms: Terms):
    assert terms.hash == by_eth_account(terms) == eip712_encode_hash(typed_data(terms))


CHANGES: dict[str, Any] = {
    "chain_id": 1,
    "timelock": checksummed(b"\x80" * 20),
    "proposal_digest": code(9),
    "role": "audit",
    "network": "mainnet",
    "policy_digest": code(9),
    "plan_basis": code(9),
    "council": code(9),
    "seen_at": Moment(SEEN.seconds + 1),
    "valid_until": Moment(SEEN.seconds + 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_term_changes_the_hash_and_only_chain_and_timelock_the_domain(name: str):
    """threat_17, threat_49"""
    other = replace(TERMS, **{name: CHANGES[name]})
    assert other.hash != TERMS.hash
    assert (other.domain_hash != TERMS.domain_hash) is (name in {"chain_id", "timelock"})


NEVER: dict[str, dict[str, Any]] = {
    "it ends before it begins": {"valid_until": Moment(SEEN.seconds - 1)},
    "it ends when it begins": {"valid_until": SEEN},
    "it was seen before 1970": {"seen_at": Moment(-1)},
    "it ends after all clocks": {"valid_until": Moment(1 << 64)},
    "it is for no chain": {"chain_id": 0},
    "it is for a chain that is no uint256": {"chain_id": 1 << 256},
}


@pytest.mark.parametrize("name", NEVER)
def test_terms_that_cannot_be_are_refused(name: str):
    with pytest.raises(Rejected):
        replace(TERMS, **NEVER[name])


def test_a_wallet_that_signs_typed_data_gives_an_approval():
    signed = Account.sign_typed_data(DAVE.key.secret, full_message=typed_data(TERMS))
    approval = RoleApproval(proposal="0007-x", signer=DAVE.address, terms=TERMS, signature=bytes(signed.signature))
    assert (approval.kind, approval.signature) == (SignatureKind.EIP712, DAVE.sign(TERMS.hash))
    by_eth_sign = replace(approval, signature=DAVE.sign(eth_sign_hash(TERMS.hash), v=31))
    assert by_eth_sign.kind is SignatureKind.ETH_SIGN


def test_an_approval_is_its_signers_or_does_not_come_to_be():
    approval = RoleApproval(proposal="0007-x", signer=DAVE.address, terms=TERMS, signature=DAVE.sign(TERMS.hash))
    longer = replace(TERMS, valid_until=Moment(TERMS.valid_until.seconds + 1))
    for change in ({"signer": ERIN.address}, {"terms": longer}, {"signature": ERIN.sign(TERMS.hash)}):
        with pytest.raises(Rejected, match="not 0x"):
            replace(approval, **change)  # type: ignore[arg-type]


@given(st.permutations([DAVE.address, ERIN.address, ZERO_ADDRESS]), st.integers(0, 5))
def test_the_council_is_its_people_and_threshold_in_whatever_order(owners: list[Any], threshold: int):
    ordered = sorted(owners, key=lambda owner: int(owner, 16))
    assert council_hash(owners, threshold) == keccak(encode(["address[]", "uint256"], [ordered, threshold]))
    assert council_hash(owners, threshold + 1) != council_hash(owners, threshold)
    assert council_hash(owners[1:], threshold) != council_hash(owners, threshold)


SAME = {
    "another nonce": pins(nonce=4),
    "another block": pins(block_number=101, block_hash=code(11)),
    "a pause": pins(target(paused=True)),
    "a root that waits": pins(target(pending_root=code(11))),
    "another policy, which an approval names by itself": pins(policy_digest=code(11)),
}
OTHER = {
    "another delay": pins(delay=Duration(172_801)),
    "another grace": pins(grace=None),
    "another rule": pins(rule="fast"),
    "another attempt, after a cancel": pins(attempt=1),
    "an operation that comes first": pins(predecessor=code(11)),
    "another minimum of the timelock": pins(min_delay=Duration(86_401)),
    "another live route": pins(target(routes=WITHOUT_OLD)),
    "another root": pins(target(active_root=code(11))),
    "another epoch": pins(target(active_epoch=5)),
    "another dispatcher": pins(target(code_hash=code(11))),
    "other code of the facet": pins(facets=(replace(pins().facets[0], code_hash=code(11)),)),
    "another generation": pins(target(Generation.COMPACT)),
}


@pytest.mark.parametrize("name", SAME)
def test_what_only_says_when_leaves_an_approval_alone(name: str):
    """threat_33: a plan that is locked anew at another nonce is the plan that was approved."""
    assert plan_basis(planned(SAME[name])) == plan_basis(planned())


@pytest.mark.parametrize("name", OTHER)
def test_what_the_effect_depends_on_makes_another_basis(name: str):
    """threat_49"""
    assert plan_basis(planned(OTHER[name])) != plan_basis(planned())


def test_another_proposal_or_another_call_makes_another_basis():
    """threat_49"""
    bases = {
        plan_basis(planned()),
        plan_basis(planned(digest=code(11))),
        plan_basis(planned(changes=[{"remove": ["old()"]}])),
    }
    assert len(bases) == 3
