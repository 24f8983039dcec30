"""How grave a proposal is: its class of risk."""

from enum import StrEnum


class Risk(StrEnum):
    """Classes of risk."""

    ROUTINE = "routine"
    """It leaves every safeguard as strong as it was."""
    CONSTITUTIONAL = "constitutional"
    """It changes who governs or how, or weakens a safeguard."""
