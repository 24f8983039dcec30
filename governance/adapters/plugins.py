"""Kinds of proposals from installed packages: the entry points of the group `governance.kinds`, each an instance of Kind.

An installed package runs its own code in this process, as any does; what it derives is held against its lock file like the
rest. It cannot replace a built-in kind, and one that cannot be loaded stops every command: a kind that is silently absent
would be a proposal that nobody judges.
"""

from functools import cache
from importlib.metadata import entry_points

from governance.core.errors import Rejected
from governance.core.kinds import admit

GROUP = "governance.kinds"


@cache
def admit_installed() -> None:
    """Admit every installed kind, once in a process. Raises Rejected when one cannot be used."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found.append(point.load())
        except Exception as error:
            raise Rejected(
                f"the kind `{point.name}` cannot be loaded from {point.value}: {type(error).__name__}",
                hint="mend or uninstall the package that brings it",
            ) from error
    admit(found)
