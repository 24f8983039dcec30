"""What can go wrong, by who has to act, with the exit codes of the whole tool. No message carries an endpoint or a key."""


class Trouble(Exception):
    """A sentence, what to do, and the exit code."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Malformed(Trouble):
    """A file or an option is not what it must be."""

    exit_code = 2


class Denied(Trouble):
    """Not with this password, not this transaction, not now."""


class Silent(Trouble):
    """No endpoint answers as it must."""

    exit_code = 3


def plain(text: str, most: int = 200) -> str:
    """Somebody else's words, without what moves a cursor, and not too many."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= most else clean[:most] + "…"
