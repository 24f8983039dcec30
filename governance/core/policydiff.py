"""What another policy changes, in sentences: who may do what they could not before, and what has become harder.

It compares what the rules say of each kind on each network, not their order or their ids. Rule 1: every field of a rule and
every part of a policy has its sentence here. Rule 2: what cannot be weighed counts as looser, so that somebody looks. It
does not say whether a change is wise, and asks no chain.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from governance.core.network import Network
from governance.core.policy import Approval, Policy, Rule
from governance.core.risk import Risk
from governance.core.units import Duration, Moment, shown


class Weight(StrEnum):
    """Which way a change goes."""

    LOOSER = "looser"
    """Somebody may do something that was refused before, or may do it sooner."""
    STRICTER = "stricter"
    """Something is refused that was allowed before, or takes longer."""
    NEUTRAL = "neutral"
    """Neither; told so that nothing is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference."""

    weight: Weight
    subject: str
    """What it is about: kinds and a network, a role, a member, a network."""
    sentence: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.sentence}"


Words = Iterator[tuple[Weight, str]]
RuleWords = Callable[[Rule, Rule], Words]
PolicyWords = Callable[[Policy, Policy], Iterator[Change]]

LOOSER, STRICTER, NEUTRAL = Weight.LOOSER, Weight.STRICTER, Weight.NEUTRAL


def difference(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Everything that differs, the looser first; empty when both allow the same to the same people."""
    found = [change for words in POLICY_WORDS.values() if words is not None for change in words(old, new)]
    order = list(Weight)
    return tuple(sorted(dict.fromkeys(found), key=lambda change: order.index(change.weight)))


def loosens(changes: tuple[Change, ...]) -> bool:
    """Whether anything is allowed that was not."""
    return any(change.weight is LOOSER for change in changes)


# ---- the parts of a policy ------------------------------------------------------------------------------------------


def _book(old: Policy, new: Policy) -> Iterator[Change]:
    """An entry more lets proposals name an account without introducing it."""
    was, now = (
        {(name, entry.address, network) for name, entry in each.book.items() for network in entry.networks}
        for each in (old, new)
    )
    for name, account, network in sorted(now - was):
        sentence = f"{account} may be named on {network} without being introduced"
        yield Change(weight=LOOSER, subject=f"address {name}", sentence=sentence)
    for name, account, network in sorted(was - now):
        sentence = f"{account} is not in the address book for {network} any more"
        yield Change(weight=STRICTER, subject=f"address {name}", sentence=sentence)
    for name in sorted(new.book.keys() & old.book.keys()):
        if old.book[name].purpose != new.book[name].purpose:
            yield Change(weight=NEUTRAL, subject=f"address {name}", sentence="its purpose has other words")


def _members(old: Policy, new: Policy) -> Iterator[Change]:
    open_to_all = "; ".join(
        f"{', '.join(sorted(rule.kinds))} by rule {rule.id}" for rule in new.rules if rule.may_propose in new.safes
    )
    for name, account in new.members.items():
        before = old.members.get(name)
        if before is None:
            weight, what = (LOOSER, f", and may propose {open_to_all}") if open_to_all else (NEUTRAL, "")
            yield Change(weight=weight, subject=f"member {name}", sentence=f"comes, signing with {account}{what}")
        elif before != account:
            yield Change(
                weight=LOOSER, subject=f"member {name}", sentence=f"signs with {account}, no longer with {before}"
            )
    for name in old.members.keys() - new.members.keys():
        yield Change(weight=STRICTER, subject=f"member {name}", sentence="leaves")


def _roles(old: Policy, new: Policy) -> Iterator[Change]:
    """Who comes into a role, and what they may do by it."""
    for role in sorted(old.roles.keys() & new.roles.keys()):
        was, now = old.roles[role], new.roles[role]
        if old.safes.get(role) != new.safes.get(role):
            words = f"is held by {_held(new, role)}, no longer by {_held(old, role)}"
            yield Change(weight=LOOSER, subject=f"role {role}", sentence=words)
            continue
        uses = _uses(new, role)
        for name in sorted(now - was):
            weight, what = (LOOSER, f", and so may {uses}") if uses else (NEUTRAL, ", which no rule names")
            yield Change(weight=weight, subject=f"role {role}", sentence=f"{name} holds it now{what}")
        for name in sorted(was - now):
            yield Change(weight=STRICTER, subject=f"role {role}", sentence=f"{name} no longer holds it")
    for role in sorted(new.roles.keys() - old.roles.keys()):
        yield Change(weight=NEUTRAL, subject=f"role {role}", sentence=f"comes, held by {_held(new, role)}")
    for role in sorted(old.roles.keys() - new.roles.keys()):
        yield Change(weight=NEUTRAL, subject=f"role {role}", sentence="goes; see the rules that named it")


def _networks(old: Policy, new: Policy) -> Iterator[Change]:
    for name in sorted(new.networks.keys() - old.networks.keys()):
        yield Change(weight=NEUTRAL, subject=f"network {name}", sentence="comes; see the rules for it")
    for name in sorted(old.networks.keys() - new.networks.keys()):
        yield Change(weight=STRICTER, subject=f"network {name}", sentence="goes: nothing is allowed there any more")
    for name in sorted(old.networks.keys() & new.networks.keys()):
        was, now = old.networks[name], new.networks[name]
        for each in fields(Network):
            before, after = getattr(was, each.name), getattr(now, each.name)
            if before != after:
                words = f"its {each.name.replace('_', ' ')} is {shown(str(after))}, no longer {shown(str(before))}"
                yield Change(weight=LOOSER, subject=f"network {name}", sentence=words)


def _endpoints(old: Policy, new: Policy) -> Iterator[Change]:
    """Whoever runs a node says what the chain says."""
    for name in sorted(new.networks.keys() & old.networks.keys()):
        was, now = (" and ".join(map(shown, policy.endpoints.get(name, ()))) for policy in (old, new))
        if was != now:
            words = f"is asked at {now or 'no public endpoint'}, no longer at {was or 'none'}"
            yield Change(weight=LOOSER if now else NEUTRAL, subject=f"network {name}", sentence=words)


def _agree(old: Policy, new: Policy) -> Iterator[Change]:
    for name in sorted(new.networks.keys() & old.networks.keys()):
        was, now = old.agree.get(name), new.agree.get(name)
        if was != now:
            words = f"{now or 'more than half'} of its endpoints must agree, no longer {was or 'more than half'}"
            weight = STRICTER if was and now and now > was else LOOSER
            yield Change(weight=weight, subject=f"network {name}", sentence=words)


def _rules(old: Policy, new: Policy) -> Iterator[Change]:
    """Kind by kind and network by network; what is the same for several kinds is said once."""
    said: dict[tuple[str, Weight, str], list[str]] = {}
    spots = {(kind, network) for rule in (*old.rules, *new.rules) for kind in rule.kinds for network in rule.networks}
    for kind, network in sorted(spots):
        for weight, sentence in _spot(old, new, old.rule_for(kind, network), new.rule_for(kind, network)):
            said.setdefault((network, weight, sentence), []).append(kind)
    for (network, weight, sentence), kinds in said.items():
        yield Change(weight=weight, subject=f"{', '.join(kinds)} on {network}", sentence=sentence)


def _spot(old: Policy, new: Policy, was: Rule | None, now: Rule | None) -> Words:
    if was is None and now is not None:
        yield LOOSER, f"is allowed now, by {way(new, now)}"
    elif now is None and was is not None:
        yield STRICTER, f"is no longer allowed; it was by rule {was.id}"
    elif was is not None and now is not None:
        if old.safes.get(was.may_propose) is None and new.safes.get(now.may_propose) is not None:
            yield LOOSER, f"any member may propose it, no longer only role {was.may_propose}"
        for each in fields(Rule):
            words = RULE_WORDS.get(each.name, _unweighed(each.name))
            if words is not None:
                yield from words(was, now)


POLICY_WORDS: dict[str, PolicyWords | None] = {
    "digest": None,  # of all the rest
    "members": _members,
    "book": _book,
    "roles": _roles,
    "safes": None,  # told with the roles
    "networks": _networks,
    "endpoints": _endpoints,
    "agree": _agree,
    "rules": _rules,
    "_found": None,  # an index of the rules
    "_proposers": None,  # another
    "_accounts": None,  # another
    "faces": None,  # another
}
"""What each part of a policy says; None where another part says it."""


# ---- the fields of a rule -------------------------------------------------------------------------------------------


def _id(was: Rule, now: Rule) -> Words:
    if was.id != now.id:
        yield NEUTRAL, f"goes by rule {now.id}, no longer by {was.id}"


def _may_propose(was: Rule, now: Rule) -> Words:
    if was.may_propose != now.may_propose:
        yield LOOSER, f"role {now.may_propose} may propose it, no longer role {was.may_propose}"


def _approvals(was: Rule, now: Rule) -> Words:
    before = {_in_role(approval): approval.at_least for approval in was.approvals}
    after = {_in_role(approval): approval.at_least for approval in now.approvals}
    for role in before.keys() - after.keys():
        yield LOOSER, f"role {role} no longer has to approve it ({_number(before[role])})"
    for role in after.keys() - before.keys():
        yield STRICTER, f"role {role} has to approve it as well ({_number(after[role])})"
    for role in before.keys() & after.keys():
        if before[role] != after[role]:
            fewer = (after[role] or 0) < (before[role] or 0)
            words = f"role {role} approves with {_number(after[role])}, no longer with {_number(before[role])}"
            yield LOOSER if fewer else STRICTER, words


def _in_role(approval: Approval) -> str:
    """A role, and where its holders are counted."""
    return approval.role if approval.among is None else f"{approval.role} among the {approval.among}'s signatures"


def _lifetime(was: Rule, now: Rule) -> Words:
    """Where approvals come or go, that is said of the approvals."""
    if was.approval_lifetime is None or now.approval_lifetime is None or was.approval_lifetime == now.approval_lifetime:
        return
    words = f"its approvals last {now.approval_lifetime}, no longer {was.approval_lifetime}"
    yield LOOSER if now.approval_lifetime > was.approval_lifetime else STRICTER, words


def _visible(was: Rule, now: Rule) -> Words:
    before, after = was.visible or Duration(0), now.visible or Duration(0)
    if before != after:
        words = f"must have been seen for {now.visible or 'no time'}, no longer for {was.visible or 'no time'}"
        yield LOOSER if after < before else STRICTER, words


def _separate(was: Rule, now: Rule) -> Words:
    if not set(was.separate) <= set(now.separate):
        yield LOOSER, f"one person may count for several of {', '.join(was.separate)}"
    if not set(now.separate) <= set(was.separate):
        yield STRICTER, f"nobody counts for two of {', '.join(now.separate)}"


def _office_hours(was: Rule, now: Rule) -> Words:
    before, after = was.office_hours, now.office_hours
    if before == after:
        return
    stricter = after is not None and (before is None or after.within(before))
    words = f"is sent on {after or 'any day at any time'}, no longer on {before or 'any day at any time'}"
    yield STRICTER if stricter else LOOSER, words


def _distinct(was: Rule, now: Rule) -> Words:
    if was.distinct_from_author and not now.distinct_from_author:
        yield LOOSER, "the author may approve it"
    if now.distinct_from_author and not was.distinct_from_author:
        yield STRICTER, "the author may no longer approve it"


def _via(was: Rule, now: Rule) -> Words:
    if was.via != now.via:
        yield STRICTER if now.via == "timelock" else LOOSER, f"goes via {now.via}, no longer via {was.via}"


def _delay(was: Rule, now: Rule) -> Words:
    if was.delay != now.delay:
        yield LOOSER if now.delay < was.delay else STRICTER, f"waits {now.delay}, no longer {was.delay}"


def _grace(was: Rule, now: Rule) -> Words:
    if was.grace == now.grace:
        return
    longer = now.grace is None or (was.grace is not None and now.grace > was.grace)
    words = f"lapses after {now.grace or 'no time at all'}, no longer after {was.grace or 'no time at all'}"
    yield LOOSER if longer else STRICTER, words


def _hold(was: Rule, now: Rule) -> Words:
    if was.hold == now.hold:
        return
    longer = was.hold is None or (now.hold is not None and now.hold > was.hold)
    words = f"a guardian may hold it for {now.hold or 'no time at all'}, no longer for {was.hold or 'no time at all'}"
    yield STRICTER if longer else LOOSER, words


def _freeze(was: Rule, now: Rule) -> Words:
    for start, end in _uncovered(was.freeze, now.freeze):
        yield LOOSER, f"is no longer frozen from {start} to {end}"
    for start, end in _uncovered(now.freeze, was.freeze):
        yield STRICTER, f"is frozen from {start} to {end}"


def _risk(was: Rule, now: Rule) -> Words:
    if was.risk is not now.risk:
        words = f"may be {now.risk}, no longer {was.risk}" if now.risk is Risk.CONSTITUTIONAL else "must be routine"
        yield LOOSER if now.risk is Risk.CONSTITUTIONAL else STRICTER, words


def _calls(was: Rule, now: Rule) -> Words:
    if was.calls is None and now.calls is not None:
        yield STRICTER, "may call only what is listed"
    elif was.calls is not None and now.calls is None:
        yield LOOSER, "may call anything, no longer only what is listed"
    else:
        before, after = was.calls or (), now.calls or ()
        yield from ((LOOSER, f"may call {each}") for each in after if each not in before)
        yield from ((STRICTER, f"may no longer call {each}") for each in before if each not in after)


def _value(was: Rule, now: Rule) -> Words:
    if was.value_at_most != now.value_at_most:
        words = f"may send at most {now.value_at_most} wei, no longer at most {was.value_at_most} wei"
        yield LOOSER if now.value_at_most > was.value_at_most else STRICTER, words


def _unweighed(name: str) -> RuleWords:
    """What nobody has written a sentence for (rule 2)."""

    def words(was: Rule, now: Rule) -> Words:
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            yield LOOSER, f"`{name}` changes from {shown(str(before))} to {shown(str(after))}"

    return words


RULE_WORDS: dict[str, RuleWords | None] = {
    "id": _id,
    "place": None,  # where it is written
    "kinds": None,  # told kind by kind
    "networks": None,  # told network by network
    "may_propose": _may_propose,
    "approvals": _approvals,
    "distinct_from_author": _distinct,
    "via": _via,
    "delay": _delay,
    "grace": _grace,
    "hold": _hold,
    "freeze": _freeze,
    "office_hours": _office_hours,
    "approval_lifetime": _lifetime,
    "visible": _visible,
    "separate": _separate,
    "risk": _risk,
    "calls": _calls,
    "value_at_most": _value,
    "_permitted": None,  # an index of the calls
}
"""What each field of a rule says; None where it says nothing of its own."""


# ---- words ----------------------------------------------------------------------------------------------------------


def way(policy: Policy, rule: Rule) -> str:
    """How things go by a rule, in one sentence without its end."""
    approvals = " and ".join(f"{_number(a.at_least)} of role {_in_role(a)}" for a in rule.approvals)
    wait = "" if rule.via != "timelock" else f", after {rule.delay}"
    return f"rule {rule.id}: proposed by {_proposers(policy, rule)}, approved by {approvals}, via {rule.via}{wait}"


def _proposers(policy: Policy, rule: Rule) -> str:
    if rule.may_propose in policy.safes:
        return "any member"
    return f"role {rule.may_propose} ({', '.join(sorted(policy.roles[rule.may_propose]))})"


def _number(at_least: int | None) -> str:
    return "the Safe's own threshold" if at_least is None else str(at_least)


def _held(policy: Policy, role: str) -> str:
    return f"the {policy.safes[role]} Safe" if role in policy.safes else ", ".join(sorted(policy.roles[role]))


def _uses(policy: Policy, role: str) -> str:
    """What the holders of a role may do, rule by rule."""
    parts = []
    for rule in policy.rules:
        verbs = ["propose"] if rule.may_propose == role else []
        verbs += ["approve"] if role in {approval.role for approval in rule.approvals} else []
        if verbs:
            parts.append(f"{' and '.join(verbs)} {', '.join(sorted(rule.kinds))} by rule {rule.id}")
    return "; ".join(parts)


Span = tuple[Moment, Moment]


def _uncovered(spans: tuple[Span, ...], others: tuple[Span, ...]) -> Iterator[Span]:
    """The parts of `spans` that lie in none of `others`."""
    for start, end in sorted(spans):
        at = start
        for low, high in sorted(others):
            if high <= at or end <= low:
                continue
            if at < low:
                yield at, low
            at = max(at, high)
        if at < end:
            yield at, end


def difference_document(changes: tuple[Change, ...]) -> dict[str, Any]:
    """The differences as JSON values."""
    return {
        "loosens": loosens(changes),
        "changes": [{"weight": str(c.weight), "subject": c.subject, "sentence": c.sentence} for c in changes],
    }
