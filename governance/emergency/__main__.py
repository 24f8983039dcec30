"""`python -m governance.emergency pause` and `show`: from a cold start, with nothing else of the tool in between."""

import argparse
import getpass
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from governance.emergency.trouble import Malformed, Trouble

SCHEMA = "governance/emergency-pause/v1"
MAX_FEE_GWEI = 1000
MAX_PASSWORD = 4096


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Malformed(message, f"{self.prog} --help")


def main(arguments: Sequence[str] | None = None, *, prog: str = "python -m governance.emergency") -> int:
    """Run, and give the exit code: the worst of all networks."""
    begun = time.perf_counter()
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        options = _parser(prog).parse_args(given)
        return _pause(options, begun) if options.command == "pause" else _show(options)
    except Trouble as trouble:
        if as_json:
            error = {"message": trouble.message, "hint": trouble.hint, "exit_code": trouble.exit_code}
            _emit({"schema": "governance/error/v1", "error": type(trouble).__name__, "findings": [], **error})
        hint = f"\n  hint: {trouble.hint}" if trouble.hint else ""
        _say(f"{type(trouble).__name__}: {trouble.message}{hint}")
        return trouble.exit_code


def _parser(prog: str) -> _Parser:
    parser = _Parser(prog=prog, description="Send presigned pauses to every network at once.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    pause = commands.add_parser("pause", allow_abbrev=False, help="Stop every network of a bundle.")
    pause.add_argument("--bundle", type=Path, required=True, metavar="FILE", help="What gov emergency presign wrote.")
    pause.add_argument("--key", type=Path, required=True, metavar="FILE", help="Encrypted keystore of who pays.")
    pause.add_argument("--password-fd", type=int, metavar="N", help="Password of the key, from this file descriptor.")
    pause.add_argument(
        "--bundle-password-fd", type=int, metavar="N", help="Password of the bundle; without it, the key's opens both."
    )
    pause.add_argument(
        "--network", "-n", action="append", default=[], metavar="NAME", help="Only this; may be repeated."
    )
    pause.add_argument("--max-fee-gwei", type=int, default=MAX_FEE_GWEI, metavar="GWEI", help="Highest fee per gas.")
    pause.add_argument("--even-expired", action="store_true", help="Send what has expired, too.")
    pause.add_argument("--broadcast", action="store_true", help="Really send. Without it, it ends with the dry run.")
    pause.add_argument("--json", action="store_true", help="One JSON document on stdout.")
    show = commands.add_parser("show", allow_abbrev=False, help="What a bundle is worth now.")
    show.add_argument("--bundle", type=Path, required=True, metavar="FILE", help="What gov emergency presign wrote.")
    show.add_argument(
        "--bundle-password-fd", type=int, metavar="N", help="Password of the bundle, from this descriptor."
    )
    show.add_argument(
        "--network", "-n", action="append", default=[], metavar="NAME", help="Only this; may be repeated."
    )
    show.add_argument("--json", action="store_true", help="One JSON document on stdout.")
    return parser


def _show(options: argparse.Namespace) -> int:
    from governance.emergency.bundle import load
    from governance.emergency.pause import chosen
    from governance.emergency.standing import lines, standings

    password = _password(options.bundle_password_fd, f"password of {options.bundle.name}: ")
    found = standings(chosen(load(options.bundle, password), options.network))
    if options.json:
        _emit({"schema": "governance/emergency-standing/v1", "networks": [each.document for each in found]})
    else:
        sys.stdout.write("".join(f"{line}\n" for each in found for line in lines(each)))
    return 0 if all(each.ok for each in found) else 1


def _pause(options: argparse.Namespace, begun: float) -> int:
    from governance.emergency.bundle import load
    from governance.emergency.pause import GWEI, Wish, chosen, pause_everywhere
    from governance.emergency.payer import Payer

    if options.max_fee_gwei < 1:
        raise Malformed("--max-fee-gwei is at least 1")
    key_password = _password(options.password_fd, f"password of {options.key.name}: ")
    asked_here = options.password_fd is None or options.bundle_password_fd is not None
    words = f"password of {options.bundle.name} (enter: the same): "
    bundle_password = _password(options.bundle_password_fd, words, key_password) if asked_here else key_password
    payer = Payer(options.key, key_password)  # opens in the background from here on
    bundle = load(options.bundle, bundle_password)
    lock = Lock()

    def told(sentence: str) -> None:
        with lock:
            _say(sentence)

    wish = Wish(
        broadcast=options.broadcast,
        max_fee=options.max_fee_gwei * GWEI,
        even_expired=options.even_expired,
        begun=begun,
        told=told,
    )
    outcomes = pause_everywhere(chosen(bundle, options.network), payer, wish)
    if options.json:
        _emit(
            {"schema": SCHEMA, "networks": [asdict(each) for each in sorted(outcomes, key=lambda each: each.network)]}
        )
    for each in outcomes:
        after = "" if each.paused_after is None else f" ({each.paused_after:.1f} s after the command)"
        line = f"{each.network}: {each.words}{after}" + (f"\n  hint: {each.hint}" if each.hint else "")
        (_say if options.json else print)(line)
    return max(each.exit_code for each in outcomes)


def _password(descriptor: int | None, words: str, otherwise: str = "") -> str:
    """One line from a descriptor, or typed. Raises Malformed on nothing, or on more than a line."""
    if descriptor is None:
        if not sys.stdin.isatty():
            raise Malformed("nobody is there to type a password", "give it with --password-fd")
        return getpass.getpass(words) or otherwise
    raw = b""
    try:
        while len(raw) <= MAX_PASSWORD and (chunk := os.read(descriptor, MAX_PASSWORD)):
            raw += chunk
    except OSError as error:
        raise Malformed(f"file descriptor {descriptor} cannot be read: {error.strerror}") from error
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not line or b"\n" in line or len(raw) > MAX_PASSWORD:
        raise Malformed(f"file descriptor {descriptor} does not give one line", "one line, the password")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # `from None`: the error would carry the password.
        raise Malformed(f"file descriptor {descriptor} gives a password that is not UTF-8") from None


def _emit(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True) + "\n")


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
