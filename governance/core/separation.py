"""Separation of duties: nobody counts for two of the roles that a rule keeps apart.

Enough people are there when each need can be given somebody of its own. By Hall's theorem that is so exactly when any of
the roles together have at least as many different people as they need together; so one more person never harms.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from itertools import combinations

MAX_SEPARATE = 8
"""Roles that one rule may keep apart: every set of them is asked."""


def clashes(
    needs: Mapping[str, int], people: Mapping[str, Set[str]], separate: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """The smallest sets of roles whose people are too few once nobody counts twice: (roles, people, needed).

    What a role lacks by itself is not told here: of each role, no more is asked than it has people.
    """
    told: list[frozenset[str]] = []
    for size in range(2, len(separate) + 1):
        for roles in combinations(separate, size):
            there = len(frozenset[str]().union(*(people[role] for role in roles)))
            needed = sum(min(needs[role], len(people[role])) for role in roles)
            if there < needed and not any(smaller <= set(roles) for smaller in told):
                told.append(frozenset(roles))
                yield roles, there, sum(needs[role] for role in roles)


def suffice(needs: Mapping[str, int], people: Mapping[str, Set[str]], separate: Collection[str]) -> bool:
    """Whether every role has enough people, and those kept apart have enough different ones."""
    alone = all(len(people[role]) >= need for role, need in needs.items())
    return alone and not any(clashes(needs, people, tuple(separate)))
