"""Who holds the roles of an AccessControl contract: asked of everyone to whom its logs say a role was ever granted.

Role lists are not enumerable. Logs alone are not believed: each account is asked about with `hasRole`. A contract that
seeds roles in its storage without a log cannot be read this way; whoever must hold a role is asked about by name besides.
"""

from collections.abc import Callable, Iterable, Sequence

from governance.adapters.recalled import Found, Reads
from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import ChainContradicts, Finding, Refused, Rejected
from governance.core.facts import Head, Log
from governance.core.keccak import keccak
from governance.core.units import Address, Bytes32, checksummed, to_hex
from governance.ports import Chain

GRANTED = Bytes32(keccak(b"RoleGranted(bytes32,address,address)"))
REVOKED = Bytes32(keccak(b"RoleRevoked(bytes32,address,address)"))
_HAS_ROLE = function("hasRole(bytes32,address)(bool)")

TOPICS = ((GRANTED, REVOKED),)
"""Of the logs that are read."""
Grant = tuple[Bytes32, Address]
"""A role and an account."""


def role_members(
    chain: Chain, contract: Address, at: Head, *, asked: Iterable[Grant] = ()
) -> dict[Bytes32, frozenset[Address]]:
    """Every role that somebody holds, with all its holders. `asked` are grants to ask about even without a log.

    Raises ChainContradicts when the newest log of a grant says one thing and `hasRole` another.
    """
    logged = _newest(contract, chain.logs(contract, TOPICS, at))
    grants = sorted({*logged, *asked})
    answers = chain.call_many(_questions(contract, grants), at)
    members: dict[Bytes32, set[Address]] = {}
    for (role, account), answer in zip(grants, answers, strict=True):
        try:
            held = answer.ok and bool(decode(_HAS_ROLE.outputs, answer.data)[0])
        except Rejected as error:
            raise _unreadable(contract) from error
        if not answer.ok:
            raise _unreadable(contract)
        if logged.get((role, account), held) is not held:
            words = "holds" if held else "does not hold"
            raise ChainContradicts(
                f"{account} {words} role {to_hex(role)} of {contract}, its newest log says otherwise",
                hint="something wrote the contract's storage around its own functions, or the node's logs are wrong",
            )
        if held:
            members.setdefault(role, set()).add(account)
    return {role: frozenset(accounts) for role, accounts in members.items()}


def follow_up(contract: Address, asked: Iterable[Grant]) -> Callable[[Found], Reads]:
    """What `role_members` asks once it has read the logs; and who it is about will be looked at."""
    always = tuple(asked)

    def then(found: Found) -> Reads:
        newest = _newest(contract, found.logged(contract, TOPICS))
        calls = _questions(contract, sorted({*newest, *always}))
        return Reads(calls=tuple(calls), codes=tuple(account for _, account in newest))

    return then


def _questions(contract: Address, grants: Sequence[Grant]) -> list[Call]:
    return [Call(to=contract, data=encode_call(_HAS_ROLE, grant)) for grant in grants]


def _newest(contract: Address, logs: Sequence[Log]) -> dict[Grant, bool]:
    """What the newest log of each grant says."""
    newest: dict[Grant, bool] = {}
    for log in logs:
        if len(log.topics) != 4:
            raise _unreadable(contract)
        newest[log.topics[1], checksummed(log.topics[2][12:])] = log.topics[0] == GRANTED
    return newest


def _unreadable(contract: Address) -> Refused:
    finding = Finding(rule="role-read", message=f"{contract} does not answer like an AccessControl contract")
    return Refused("the roles cannot be read", findings=(finding,))
