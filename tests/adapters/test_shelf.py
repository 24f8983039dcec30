"""What a shelf says has changed: each change once, also one within the same moment, and nothing while nothing changes."""

import os
from pathlib import Path

import pytest

from governance.adapters.shelf import RACY, THOROUGH, FileShelf
from governance.adapters.workspace import FileWorkspace
from governance.core.errors import GovError

SECOND = 10**9
DAY = 86_400 * SECOND


class Place:
    """A workspace of lock files alone; the disk's clock stands still unless a test moves it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "proposals"
        self.folder.mkdir()
        self.now = DAY
        self.told: list[str] = []
        self.shelf = FileShelf(FileWorkspace(root), self._tell, clock=lambda: self.now)

    def _tell(self, proposal: str, error: GovError) -> None:
        self.told.append(f"{proposal}: {error.message}")

    def put(self, name: str, text: str = "{") -> None:
        """As files are written here: beside, then renamed. The folder's time is that of now."""
        beside = self.folder / "beside"
        beside.write_text(text)
        os.utime(beside, ns=(self.now, self.now))
        beside.rename(self.folder / f"{name}.lock.json")
        os.utime(self.folder, ns=(self.now, self.now))

    def changed(self) -> list[str]:
        """Malformed lock files claim nothing, and are named all the same."""
        return sorted(self.shelf.changes("devnet"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_each_change_is_told_once(place: Place) -> None:
    place.put("0001-a")
    assert (place.changed(), place.changed()) == (["0001-a"], [])
    place.now += SECOND
    place.put("0002-b")
    assert (place.changed(), place.changed()) == (["0002-b"], [])
    place.now += DAY
    place.put("0001-a", "[")
    assert (place.changed(), place.changed()) == (["0001-a"], [])
    (place.folder / "0001-a.lock.json").unlink()
    assert (place.changed(), place.changed()) == (["0001-a"], [])
    assert [each.split(":")[0] for each in place.told] == ["0001-a", "0002-b", "0001-a"]


def test_what_is_written_in_the_same_moment_as_the_last_look_is_found(place: Place) -> None:
    """A clock of whole ticks gives the folder no other time."""
    place.put("0001-a")
    assert place.changed() == ["0001-a"]
    place.put("0002-b")
    place.put("0001-a", "[")
    assert place.changed() == ["0001-a", "0002-b"]


def test_a_folder_that_is_left_alone_is_not_gone_through(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("0001-a")
    place.now += RACY
    assert place.changed() == ["0001-a"]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "glob", lambda *_: pytest.fail("it is gone through"))
        assert [place.changed() for _ in range(5)] == [[]] * 5


def test_a_file_that_is_edited_in_place_is_found_some_time(place: Place) -> None:
    place.put("0001-a")
    place.now += DAY
    assert place.changed() == ["0001-a"]
    (place.folder / "0001-a.lock.json").write_text("{{")
    found = [place.changed() for _ in range(THOROUGH)]
    assert [one for one in found if one] == [["0001-a"]]


def test_after_forgetting_everything_is_new(place: Place) -> None:
    place.put("0001-a")
    place.now += DAY
    assert (place.changed(), place.changed()) == (["0001-a"], [])
    place.shelf.forget()
    assert place.changed() == ["0001-a"]


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    shelf = FileShelf(FileWorkspace(tmp_path), lambda *_: None)
    assert [dict(shelf.changes("devnet")) for _ in range(2)] == [{}, {}]
