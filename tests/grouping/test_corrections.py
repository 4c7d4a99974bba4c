"""Merge, split, move, take out: what a person says stays, and undo is its exact inverse."""

# ruff: noqa: ARG005 - the calls of the table have one signature

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiled_people import by_file, grouped, numbered, write

from matcher.errors import GroupFileError, InputError
from matcher.faces import POLICIES
from matcher.grouping import GroupedFace, GroupFile, Grouping


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people in four photos each, one with a copy, and two people seen once."""
    folder = tmp_path_factory.mktemp("made") / "photos"
    for person in (1, 2, 3):
        for picture in range(4):
            write(folder / f"{person}-{picture}.png", (person, picture))
    write(folder / "1-0 copy.jpg", (1, 0), quality=70)
    write(folder / "4-0.png", (4, 0))
    write(folder / "5-0.png", (5, 0))
    return folder


@pytest.fixture
def state(made: Path, tmp_path: Path) -> Path:
    grouped(made, state=tmp_path / "s.groups")
    return tmp_path / "s.groups"


@pytest.fixture
def file(state: Path) -> Iterator[GroupFile]:
    with GroupFile.open(state) as opened:
        yield opened


def face(found: Grouping, name: str) -> GroupedFace:
    (one,) = (
        one
        for one in found.every_face()
        if any(Path(file).name.startswith(name) for file in one.files)
    )
    return one


def group_of(found: Grouping, name: str) -> int:
    number = face(found, name).group
    assert number is not None
    return number


def sizes(found: Grouping) -> list[int]:
    return sorted(len(group.faces) for group in found)


def test_merge_makes_one_group_with_the_number_of_the_first(file: GroupFile) -> None:
    before = file.grouping()
    first, second = group_of(before, "1-1"), group_of(before, "2-0")
    assert file.merge([first, second]) == first
    after = file.grouping()
    assert group_of(after, "2-0") == first
    assert sizes(after) == [4, 8]
    assert [one.number for one in after if one.corrected] == [first]


def test_split_makes_a_group_of_its_own_and_copies_go_along(file: GroupFile) -> None:
    before = file.grouping()
    number = file.split([face(before, "1-0.png").face_id])
    assert number not in {one.number for one in before}
    after = file.grouping()
    (new,) = (one for one in after if one.number == number)
    assert (len(new.faces), len(new.copies)) == (1, 1)
    assert sizes(after) == [1, 3, 4, 4]
    alone = [face(after, name).face_id for name in ("4-0", "5-0")]
    assert sizes_after(file, alone) == [1, 2, 3, 4, 4]


def sizes_after(file: GroupFile, faces: list[int]) -> list[int]:
    file.split(faces)
    return sizes(file.grouping())


def test_move_and_take_out(file: GroupFile) -> None:
    before = file.grouping()
    target = group_of(before, "2-0")
    file.move([face(before, "1-0 copy").face_id, face(before, "4-0").face_id], target)
    file.take_out([face(before, "3-3").face_id])
    after = file.grouping()
    assert {group_of(after, name) for name in ("1-0.png", "1-0 copy", "4-0", "2-0")} == {target}
    out = face(after, "3-3")
    assert (out.group, out.corrected) == (None, True)
    assert out.reason == "taken out of its group by a person"
    assert sizes(after) == [3, 3, 6]


def test_corrections_stay_when_the_folder_grows(made: Path, state: Path, tmp_path: Path) -> None:
    with GroupFile.open(state) as file:
        before = file.grouping()
        one, two, three = (group_of(before, name) for name in ("1-1", "2-0", "3-0"))
        file.merge([one, two])
        own = file.split([face(before, name).face_id for name in ("3-0", "3-1")])
        file.take_out([face(before, "1-3").face_id])
        file.move([face(before, "4-0").face_id], three)
        corrected = file.grouping()
    again = grouped(made, state=state)
    assert again == corrected
    new = write(made / "new" / "1-9.png", (1, 9))
    write(made / "new" / "2-9.png", (2, 9))
    write(made / "new" / "9-9.png", (9, 9))
    try:
        after = grouped(made, state=state, threshold=0.4)
    finally:
        for path in new.parent.iterdir():
            path.unlink()
    assert numbered(after).items() >= numbered(corrected).items()
    assert {group_of(after, "1-9"), group_of(after, "2-9")} == {one}
    assert face(after, "9-9").group is None
    assert {own, three, one} <= {group.number for group in after}
    assert not face(after, "1-9").corrected


def test_a_new_face_goes_to_the_closer_part_of_a_group_that_was_split(
    made: Path, state: Path
) -> None:
    with GroupFile.open(state) as file:
        before = file.grouping()
        own = file.split([face(before, name).face_id for name in ("3-0", "3-1")])
    write(made / "again" / "close to the split.png", (3, 0), scale=1.5)
    write(made / "again" / "close to the rest.png", (3, 2), scale=1.5)
    try:
        after = grouped(made, state=state)
    finally:
        for path in (made / "again").iterdir():
            path.unlink()
    assert group_of(after, "close to the split") == own
    assert group_of(after, "close to the rest") == group_of(before, "3-2")


def test_a_larger_copy_of_a_face_that_was_moved_goes_along(made: Path, state: Path) -> None:
    with GroupFile.open(state) as file:
        before = file.grouping()
        target = group_of(before, "2-0")
        file.move([face(before, "4-0").face_id], target)
        file.take_out([face(before, "3-3").face_id])
    write(made / "large" / "of 4.png", (4, 0), scale=2)
    write(made / "large" / "of 3.png", (3, 3), scale=2)
    try:
        after = grouped(made, state=state)
        with GroupFile.open(state) as file:
            file.undo()
            file.undo()
            undone = file.grouping()
        again = grouped(made, state=state)
    finally:
        for path in (made / "large").iterdir():
            path.unlink()
    assert group_of(after, "of 4") == group_of(after, "4-0") == target
    assert face(after, "4-0").copy_of == face(after, "of 4").face_id
    assert face(after, "of 3").group is None
    assert by_file(again) == by_file(undone)
    assert group_of(again, "of 3") == group_of(again, "3-3") == group_of(before, "3-0")
    assert face(again, "of 4").group is None


def test_a_poor_face_that_a_person_moves_stays_there(made: Path, tmp_path: Path) -> None:
    state = tmp_path / "poor.groups"
    strict = POLICIES["strict"]
    before = grouped(made, state=state, policy=strict)
    if not before.groups:  # all tiles may be too poor for the policy: a person makes the group
        with GroupFile.open(state) as file:
            file.split([one.face_id for one in before.ungrouped[:3]])
    with GroupFile.open(state) as file:
        found = file.grouping()
        file.move([found.ungrouped[0].face_id], found.groups[0].number)
        corrected = file.grouping()
    assert numbered(grouped(made, state=state, policy=strict)) == numbered(corrected)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "split", "move", "take out"]),
        st.integers(0, 14),
        st.integers(0, 14),
        st.integers(0, 14),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def shared(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("shared") / "s.groups"
    grouped(made, state=state)
    return state


@settings(max_examples=30)
@given(operations=OPERATIONS)
def test_undo_is_the_exact_inverse_of_every_correction(
    shared: Path, operations: list[tuple[str, int, int, int]]
) -> None:
    with GroupFile.open(shared) as file:
        states = [file.grouping()]
        for operation in operations:
            if did(file, operation):
                check_law(file.grouping(), states[0])
                states.append(file.grouping())
        for expected in reversed(states[:-1]):
            file.undo()
            assert file.grouping() == expected
        with pytest.raises(InputError, match="correction"):
            file.undo()


@settings(max_examples=20)
@given(operations=OPERATIONS)
def test_a_run_over_the_same_photos_changes_no_correction(
    made: Path, shared: Path, operations: list[tuple[str, int, int, int]]
) -> None:
    with GroupFile.open(shared) as file:
        done = sum([did(file, operation) for operation in operations])
        corrected = file.grouping()
    again = grouped(made, state=shared)
    with GroupFile.open(shared) as file:
        for _ in range(done):
            file.undo()
    assert again == corrected


def check_law(found: Grouping, at_first: Grouping) -> None:
    """Every face is there once, and copies are where their face is."""
    faces = {one.face_id: one for one in found.every_face()}
    assert faces.keys() == {one.face_id for one in at_first.every_face()}
    assert len(faces) == found.faces
    for one in faces.values():
        assert one.copy_of is None or faces[one.copy_of].group == one.group
        assert (one.group is None) == bool(one.reason)


def did(file: GroupFile, operation: tuple[str, int, int, int]) -> bool:
    kind, *numbers = operation
    found = file.grouping()
    faces = sorted(one.face_id for one in found.every_face())
    chosen = [faces[number % len(faces)] for number in numbers[:2]]
    groups = [found.groups[number % len(found)].number for number in numbers]
    calls: dict[str, Callable[[], object]] = {
        "merge": lambda: file.merge(groups),
        "split": lambda: file.split(chosen),
        "move": lambda: file.move(chosen, groups[2]),
        "take out": lambda: file.take_out(chosen),
    }
    try:
        calls[kind]()
    except InputError:
        assert file.grouping() == found
        return False
    return True


def test_what_a_later_run_folded_is_parted_where_undo_puts_it_apart(state: Path) -> None:
    with GroupFile.open(state) as file:
        before = file.grouping()
        file.merge([group_of(before, "1-1"), group_of(before, "2-0")])
    faces = [face(before, f"2-{picture}.png").face_id for picture in range(4)]
    connection = sqlite3.connect(state)
    kept = face(before, "1-1").face_id
    connection.executemany(
        "UPDATE faces SET copy_of = ? WHERE face_id = ?", [(kept, one) for one in faces]
    )
    connection.commit()
    connection.close()
    with GroupFile.open(state) as file:
        assert sizes(file.grouping()) == [4, 4]
        file.undo()
        assert file.grouping() == before


def test_a_photo_that_is_forgotten_leaves_nothing_behind(made: Path, state: Path) -> None:
    with GroupFile.open(state) as file:
        before = file.grouping()
        one = face(before, "1-0.png")
        vector = next(
            held.face.vector.tobytes() for held in file.rows.faces() if held.face_id == one.face_id
        )
        file.merge([group_of(before, "1-0.png"), group_of(before, "2-0")])
    assert vector in state.read_bytes()
    with GroupFile.open(state) as file:
        assert file.forget([str(made / "1-0.png")]) == 1
        after = file.grouping()
        assert {held.sha256 for held in after.every_face()} == {
            held.sha256 for held in before.every_face()
        } - {one.sha256}
        assert face(after, "1-0 copy").copy_of is None
        file.undo()
        assert sizes(file.grouping()) == [4, 4, 4]
        for wrong in ("none.png", "", "0" * 64, one.sha256[:5]):
            with pytest.raises(InputError, match="names 0"):
                file.forget(["2-0.png", wrong])
        assert sizes(file.grouping()) == [4, 4, 4]
    content = state.read_bytes()
    assert vector not in content
    assert one.sha256.encode() not in content


def test_the_history_tells_what_was_done_and_what_was_taken_back(file: GroupFile) -> None:
    found = file.grouping()
    one, two = group_of(found, "1-1"), group_of(found, "2-0")
    file.merge([one, two])
    file.take_out([face(found, "3-0").face_id])
    assert file.undo().words.startswith("took 1 face")
    rows = [change.row() for change in file.changes()]
    assert [row["taken_back"] for row in rows] == ["", "yes"]
    assert rows[0]["what"] == f"merged {two} into {one}"
    assert file.undo().change_id == rows[0]["change"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda file, some: file.merge([1]),
        lambda file, some: file.merge([1, 1]),
        lambda file, some: file.merge([1, 99]),
        lambda file, some: file.merge([]),
        lambda file, some: file.merge(["1", "2"]),
        lambda file, some: file.split([]),
        lambda file, some: file.split([10**20]),
        lambda file, some: file.split(some[0]),
        lambda file, some: file.split([some[0][0], some[1][0]]),
        lambda file, some: file.move(some[0], 99),
        lambda file, some: file.move(some[0], "1"),
        lambda file, some: file.move(some[0], None),
        lambda file, some: file.move(some[0], 1),
        lambda file, some: file.take_out([-1]),
        lambda file, some: file.take_out(5),
        lambda file, some: file.take_out(some[2]),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_and_changes_nothing(
    file: GroupFile, wrong: Callable[[GroupFile, list[list[int]]], object]
) -> None:
    before = file.grouping()
    first, second = (
        [one.face_id for one in (*group.faces, *group.copies)] for group in before.groups[:2]
    )
    assert before.groups[0].number == 1
    with pytest.raises(InputError) as caught:
        wrong(file, [first, second, [one.face_id for one in before.ungrouped]])
    assert caught.value.next_step.endswith(".")
    assert file.grouping() == before
    assert file.changes() == []


DAMAGE = (
    "UPDATE faces SET vectors = x'00'",
    "UPDATE faces SET vectors = zeroblob(length(vectors))",
    "UPDATE faces SET measures = x'0102'",
    "UPDATE faces SET measures = zeroblob(80)",
    f"UPDATE faces SET measures = x'{'ff' * 200}'",  # noqa: S608 - of the right size, no number
    "UPDATE settings SET value = '[]'",
    "UPDATE settings SET value = '{\"stamp\": 5}'",
    "UPDATE photos SET width = 0",
    "UPDATE photos SET notes = 'x'",
    "UPDATE files SET taken_on = 'yesterday'",
    "DELETE FROM settings",
    "DROP TABLE faces",
    "PRAGMA user_version = 2",
)


@pytest.mark.parametrize("statement", DAMAGE)
def test_a_damaged_file_is_a_typed_error(state: Path, statement: str) -> None:
    connection = sqlite3.connect(state)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(GroupFileError), GroupFile.open(state) as file:
        file.grouping()
