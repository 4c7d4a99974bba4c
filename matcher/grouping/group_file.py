"""A file of groups, and the corrections of a person: merge, split, move, take out, undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from matcher.arguments import expect_number, listed, path_of
from matcher.errors import GroupFileError, InputError
from matcher.grouping.faces import TAKEN_OUT, PhotoFile, Place
from matcher.grouping.loading import load_grouping
from matcher.grouping.result import Grouping
from matcher.grouping.settings import Settings
from matcher.grouping.storage import Rows, opened
from matcher.paths import from_reference, to_reference
from matcher.words import counted

_FEWEST_DIGITS: Final = 6  # of a hash


@dataclass(frozen=True)
class GroupChange:
    """One correction, kept so that it can be taken back.

    Parameters
    ----------
    change_id
        Its number, ascending in time.
    at
        Time of the correction, in UTC.
    words
        What was done.
    undone
        Whether it was taken back.
    """

    change_id: int
    at: datetime
    words: str
    undone: bool

    def row(self) -> dict[str, Any]:
        """Return the correction as one flat row for a table."""
        at = self.at.isoformat(timespec="seconds")
        taken_back = "yes" if self.undone else ""
        return {"change": self.change_id, "at": at, "what": self.words, "taken_back": taken_back}


class GroupFile:
    """An open file that `matcher.group` wrote. Get it by `open`.

    A correction settles the groups that it touches: no later run moves a face that is in one of
    them into another group, or out of it. Later photos may still join. Near-identical pictures of a
    face go with it.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @classmethod
    @contextmanager
    def open(cls, path: Path | str) -> Iterator[Self]:
        """Open a file; no other process has it open meanwhile.

        Raises
        ------
        GroupFileError
            If there is none, it is no such file, is damaged, or another process has it open.
        """
        place = path_of("path", path)
        if not place.is_file():
            raise GroupFileError(
                "The file of groups",
                rule="must be there",
                got="none",
                next_step="Check the path, or make it: matcher group FOLDER --state FILE.",
                path=place,
            )
        with opened(place) as rows:
            yield cls(rows)

    @property
    def rows(self) -> Rows:
        """The rows of the file."""
        return self._rows

    def grouping(self) -> Grouping:
        """Return the groups as they are now."""
        return load_grouping(self._rows)

    def merge(self, groups: Collection[int]) -> int:
        """Make one group of several: they are one person. Return its number, that of the first.

        Raises
        ------
        InputError
            If there are not at least two different groups, or one does not exist.
        """
        numbers = [*dict.fromkeys(_numbers("groups", groups))]
        places = self._places()
        members = [_members(places, number) for number in numbers]
        if len(numbers) < 2:
            raise _refused("groups to merge", "must be two or more", numbers, "Name another one.")
        target, others = numbers[0], ", ".join(map(str, numbers[1:]))
        new = {face: target for of_one in members for face in of_one}
        self._correct(places, new, f"merged {others} into {target}")
        return target

    def split(self, faces: Collection[int]) -> int:
        """Make a group of its own of faces that are in one group, or in none; return its number.

        Raises
        ------
        InputError
            If a face does not exist, they are of several groups, or they are a whole group.
        """
        places = self._places()
        moved = _with_copies(places, _numbers("faces", faces))
        found = {places[face].place.group for face in moved}
        if len(found) != 1:
            rule, step = "must be of one group, or of none", "Split one group after the other."
            raise _refused("faces to split off", rule, _named(found), step)
        (group,) = found
        rest = [] if group is None else [one for one in _members(places, group) if one not in moved]
        if group is not None and not rest:
            rule, step = "must leave a face in their group", "Name only those that do not belong."
            raise _refused("faces to split off", rule, f"all of group {group}", step)
        settings = self._settings()
        number = settings.next_group
        origin = "those in no group" if group is None else f"group {group}"
        new = dict.fromkeys(moved, number) | dict.fromkeys(rest, group)
        words = f"made group {number} of {_said(moved)} of {origin}"
        self._correct(
            places,
            new,
            words,
            lambda: self._rows.set_settings(replace(settings, next_group=number + 1)),
        )
        return number

    def move(self, faces: Collection[int], group: int) -> None:
        """Put faces into another group that exists.

        Raises
        ------
        InputError
            If a face or the group does not exist, or all faces are in it.
        """
        expect_number("group", group, whole=True)
        places = self._places()
        moved = _with_copies(places, _numbers("faces", faces))
        there = _members(places, group)
        if all(places[face].place.group == group for face in moved):
            rule, step = f"must not all be in group {group}", "Name faces of other groups."
            raise _refused("faces to move", rule, "faces that are there", step)
        new: dict[int, int | None] = dict.fromkeys((*there, *moved), group)
        self._correct(
            places, self._settled(places, moved) | new, f"moved {_said(moved)} to {group}"
        )

    def take_out(self, faces: Collection[int]) -> None:
        """Take faces out of their groups: they belong to nobody there. They stay visible.

        Raises
        ------
        InputError
            If a face does not exist, or none of them is in a group.
        """
        places = self._places()
        moved = _with_copies(places, _numbers("faces", faces))
        if all(places[face].place.group is None for face in moved):
            rule, step = "must be in a group", "Name faces that are in one."
            raise _refused("faces to take out", rule, "faces in no group", step)
        new: dict[int, int | None] = dict.fromkeys(moved)
        self._correct(places, self._settled(places, moved) | new, f"took {_said(moved)} out")

    def undo(self) -> GroupChange:
        """Take the latest correction back that was not taken back; return it.

        Every face that it touched is where it was before, and as free to move as before.

        Raises
        ------
        InputError
            If there is none.
        """
        left = [change for change in self.changes() if not change.undone]
        if not left:
            raise _refused("correction", "must be there to take back", "none", "Nothing to do.")
        change = left[-1]
        places = self._places()
        held = self._rows.before(change.change_id)
        before = {face: place for face, place in held.items() if face in places}  # not forgotten
        of_picture = {places[face].copy_of or face: place for face, place in before.items()}
        for face, one in places.items():  # pictures read since go with the face
            same = of_picture.get(one.copy_of or face)
            if same is not None and face not in before and not one.place.corrected:
                before[face] = replace(same, corrected=False)
        with self._rows.writing():
            self._rows.set_places(before)
            self._rows.part_copies()
            self._rows.mark_undone(change.change_id)
        return replace(change, undone=True)

    def forget(self, photos: Collection[str]) -> int:
        """Delete photos with all their faces and vectors, for good; return the number of faces.

        No correction is undone by it, and none brings them back. If a file of the photo is still in
        the folder, the next run reads it again.

        Parameters
        ----------
        photos
            Each as its path, its file name, or the start of its hash (six digits or more).

        Raises
        ------
        InputError
            If one of them names no photo of the file, or several; nothing is deleted.
        """
        step = "The CSV of the groups has paths and hashes."
        names = listed("photos", photos, str, rule="must be texts", next_step=step)
        files, known = self._rows.files(), self._rows.photos()
        meant = set()
        for name in names:
            found = _photos_named(name, files, known)
            if len(found) != 1:
                rule, got = "must be one of the file", f"{name!r}, which names {len(found)}"
                raise _refused("photo", rule, got, step)
            meant |= found
        return self._rows.forget_photos(meant)

    def changes(self) -> list[GroupChange]:
        """Return all corrections, the earliest first."""
        return [
            GroupChange(number, datetime.fromisoformat(at), words, undone)
            for number, at, words, undone in self._rows.changes()
        ]

    def _places(self) -> Mapping[int, _Placed]:
        return {face: _Placed(*held) for face, held in self._rows.places().items()}

    def _settings(self) -> Settings:
        settings = self._rows.settings()
        assert settings is not None  # noqa: S101 - a file with faces has some
        return settings

    def _settled(self, places: Mapping[int, _Placed], moved: Collection[int]) -> dict[int, Any]:
        """Return the faces that stay in the groups from which others go, with their group."""
        groups = {places[face].place.group for face in moved} - {None}
        return {face: one.place.group for face, one in places.items() if one.place.group in groups}

    def _correct(
        self,
        places: Mapping[int, _Placed],
        new: Mapping[int, int | None],
        words: str,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        """Settle faces where they are to be; write it and the history, or neither."""
        after = {
            face: Place(group, corrected=True, reason=TAKEN_OUT if group is None else "")
            for face, group in new.items()
        }
        changed = {face: places[face].place for face in after if places[face].place != after[face]}
        with self._rows.writing():
            self._rows.set_places({face: after[face] for face in changed})
            self._rows.add_change(datetime.now(UTC).isoformat(), words, changed)
            also()


@dataclass(frozen=True)
class _Placed:
    place: Place
    copy_of: int | None


def _numbers(what: str, given: Collection[int]) -> list[int]:
    step = "Take them from the list or the page of the groups."
    numbers = listed(what, given, int, rule="must be numbers", next_step=step)
    if not numbers:
        raise _refused(what, "must be one or more", "none", step)
    return numbers


def _members(places: Mapping[int, _Placed], group: int) -> list[int]:
    found = [face for face, one in places.items() if one.place.group == group]
    if not found:
        step = "The list of the groups has their numbers."
        raise _refused("group", "must be one of the file", f"{group}", step)
    return found


def _with_copies(places: Mapping[int, _Placed], faces: Collection[int]) -> set[int]:
    """Return faces with all near-identical pictures of them."""
    for face in faces:
        if face not in places:
            step = "The page and the CSV of the groups have their numbers."
            raise _refused("face", "must be one of the file", f"{face}", step)
    kept = {places[face].copy_of or face for face in faces}
    return kept | {face for face, one in places.items() if one.copy_of in kept}


def _photos_named(name: str, files: Iterable[PhotoFile], known: Collection[str]) -> set[str]:
    whole = to_reference(Path(name).absolute())
    paths = {file.reference: file.sha256 for file in files if not file.code}
    if whole in paths:
        return {paths[whole]}
    found = {sha256 for path, sha256 in paths.items() if from_reference(path).name == name}
    if not found and len(name) >= _FEWEST_DIGITS:
        found = {sha256 for sha256 in known if sha256.startswith(name)}
    return found


def _named(groups: Collection[int | None]) -> str:
    numbers = sorted(group for group in groups if group is not None)
    names = [f"group {number}" for number in numbers] + ["no group"] * (None in groups)
    return " and ".join(names)


def _said(faces: Collection[int]) -> str:
    shown = ", ".join(map(str, sorted(faces)[:5]))
    return f"{counted(len(faces), 'face')} ({shown}{', …' if len(faces) > 5 else ''})"


def _refused(what: str, rule: str, got: object, next_step: str) -> InputError:
    return InputError(what, rule=rule, got=got, next_step=next_step)
