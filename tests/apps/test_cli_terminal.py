"""`gov sign` on a terminal of 80 columns: the card is read, the end of the hash is typed, and only then it is signed."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator

import pytest

from tests.apps.conftest import ONE, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


PATIENCE = 10.0
"""Seconds for the next word to come."""


class Terminal:
    """A person at a screen, who reads and types."""

    def __init__(self, gov: Gov, *words: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color"}
        self._process = subprocess.Popen(
            [gov.shell_path(), *words], cwd=gov.root, env=environ, stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        self.seen = ""

    def read_until(self, words: str) -> None:
        while words not in self.seen and self._more():
            pass
        assert words in self.seen, self.seen

    def type(self, text: str, *, end: str = "\n") -> None:
        os.write(self._master, (text + end).encode())

    def end(self) -> int:
        while self._more():
            pass
        os.close(self._master)
        try:
            return self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _more(self) -> bool:
        """Read what comes within the person's patience."""
        if not select.select([self._master], [], [], PATIENCE)[0]:
            return False
        try:
            found = os.read(self._master, 4096)
        except OSError:  # the other side has closed: Linux says EIO
            return False
        self.seen += found.decode(errors="replace")
        return bool(found)


@pytest.fixture
def signing(at: At) -> Iterator[tuple[Gov, Terminal]]:
    gov = at("locked")
    terminal = Terminal(gov, "sign", "1", "--key", ".gov/devnet/keys/alice.json")
    terminal.read_until("password of alice.json")
    terminal.type("devnet")
    terminal.read_until("as your other screen shows it")
    yield gov, terminal
    terminal.end()


def test_the_card_fits_and_the_typed_groups_sign(signing: tuple[Gov, Terminal]) -> None:
    gov, terminal = signing
    (digits,) = (one[2:] for one in gov.safe_hashes())
    groups = re.findall("....", digits)
    lines = [line.rstrip() for line in terminal.seen.replace("\r", "").splitlines()]
    assert f"  safe tx hash  {' '.join(groups[:8])}" in lines
    assert f"                {' '.join(groups[8:])}" in lines
    assert "devnet\n" not in terminal.seen.split("password of")[1].split("CALL")[0].replace("\r", ""), "it echoes"
    asked = re.search(r"type groups (\d+) and (\d+) of the", terminal.seen)
    assert asked is not None
    terminal.type(" ".join(groups[int(place) - 1] for place in asked.groups()))
    terminal.read_until("signed by 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    assert (gov.root / f"proposals/{ONE}.signatures").is_dir()


def test_other_groups_sign_nothing(signing: tuple[Gov, Terminal]) -> None:
    gov, terminal = signing
    terminal.type("0000 0000")
    terminal.read_until("the groups differ: nothing was signed")
    assert not (gov.root / f"proposals/{ONE}.signatures").exists()


def test_leaving_with_ctrl_d_signs_nothing_and_says_so(signing: tuple[Gov, Terminal]) -> None:
    gov, terminal = signing
    terminal.type("", end="\x04")
    terminal.read_until("nothing was done")
    assert "Traceback" not in terminal.seen
    assert not (gov.root / f"proposals/{ONE}.signatures").exists()
