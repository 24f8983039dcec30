"""What the doctor asks beside the contracts: of this machine, and of the endpoints."""

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.core.check import Check
    from governance.life.site import Site


def endpoint_checks(at: "Site") -> "list[Check]":
    """What the doctor asks of several endpoints; nothing of one alone."""
    from governance.adapters.endpoints import AgreedChain

    return at.chain.checks() if isinstance(at.chain, AgreedChain) else []


def tool_checks(space: "FileWorkspace") -> "list[Check]":
    """What the doctor asks of this machine."""
    from governance.adapters.anvil import find_anvil
    from governance.core.check import Check

    version = ".".join(str(part) for part in sys.version_info[:3])
    checks = [Check(question="Python is 3.11 or newer", ok=sys.version_info >= (3, 11), answer=version)]
    anvil = find_anvil(space.root)
    hint = "" if anvil else "only gov devnet needs it: npm ci in contracts/, or set GOV_ANVIL"
    checks.append(Check(question="anvil is there for the devnet", ok=anvil is not None, answer=str(anvil), hint=hint))
    git = shutil.which("git")
    checks.append(Check(question="git is there for reviews", ok=git is not None, answer=str(git)))
    return checks
