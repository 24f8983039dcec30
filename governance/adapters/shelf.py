"""The lock files of a workspace, as far as they have changed: the executor's cheap question to its disk.

While nothing is put into the folder, nothing is read: files are written beside and renamed, and a checkout does the same,
so the folder's own time changes with them. Every so often the folder is gone through all the same.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from governance.adapters.workspace import FileWorkspace
from governance.core.errors import GovError
from governance.core.lock import Claim, read_claim

THOROUGH = 300
"""Each so many times the folder is gone through whether or not its time has changed: a file can be edited in place."""
ENDING = ".lock.json"
RACY = 2 * 10**9
"""Nanoseconds. A folder whose time is younger may be written to again without another time, as coarse clocks tell it."""

Stamp = tuple[int, int, int]
"""When a file was written, in nanoseconds, its bytes, and its inode: a file that is put in its place has another."""


class FileShelf:
    """See `governance.ports.Shelf`."""

    def __init__(
        self,
        workspace: FileWorkspace,
        tell: Callable[[str, GovError], None],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._workspace = workspace
        self._tell = tell
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Everything is new again."""
        self._folder: int | None = None
        self._stamps: dict[str, Stamp] = {}
        self._asked = 0

    def changes(self, network: str) -> Mapping[str, Claim | None]:
        """By proposal."""
        self._asked += 1
        folder = self._workspace.proposals_folder
        # Taken before the folder is read: what is written meanwhile is found the next time.
        now = folder.stat().st_mtime_ns if folder.exists() else None
        if now is not None and now == self._folder and self._asked % THOROUGH:
            return {}
        self._folder = None if now is None or self._clock() - now < RACY else now
        found = {} if now is None else _stamps(folder)
        changed = [name for name, stamp in found.items() if self._stamps.get(name) != stamp]
        gone = [name for name in self._stamps if name not in found]
        self._stamps = found
        return {**dict.fromkeys(gone), **{name: self._claim(name, network) for name in changed}}

    def _claim(self, proposal: str, network: str) -> Claim | None:
        try:
            document = self._workspace.lock(proposal)
            entry = None if document is None else document["networks"].get(network)
            return None if entry is None else read_claim(entry, f"{proposal}{ENDING}")
        except GovError as error:
            self._tell(proposal, error)
            return None


def _stamps(folder: Path) -> dict[str, Stamp]:
    found = {}
    for file in folder.glob(f"*{ENDING}"):
        known = file.stat()
        found[file.name.removesuffix(ENDING)] = (known.st_mtime_ns, known.st_size, known.st_ino)
    return found
