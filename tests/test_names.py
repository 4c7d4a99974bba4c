"""Names of files, told apart as a reader would."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from matcher.names import told_apart

PARTS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4)
PATHS = st.lists(PARTS.map(lambda parts: Path(*parts)), max_size=6)


def test_a_name_is_as_short_as_tells_it_apart() -> None:
    paths = [Path("/x/q1/front.jpg"), Path("/x/q2/front.jpg"), Path("/x/side.jpg")]
    assert told_apart(paths) == ("q1/front.jpg", "q2/front.jpg", "side.jpg")
    assert told_apart([Path("front.jpg"), Path("q/front.jpg")]) == ("front.jpg", "q/front.jpg")
    assert told_apart([Path("/a"), Path("/b/a")]) == ("/a", "b/a")


def test_names_that_look_the_same_are_told_apart() -> None:
    composed, with_mark = Path("p/caf\u00e9.jpg"), Path("q/cafe\u0301.jpg")
    assert told_apart([composed, with_mark]) == (str(composed), str(with_mark))


@given(PATHS)
def test_each_path_has_one_name_at_its_end_and_no_other_path_has_it(paths: list[Path]) -> None:
    names = told_apart(paths)
    assert len(names) == len(paths)
    assert len(set(names)) == len(set(paths))
    for path, name in zip(paths, names, strict=True):
        assert path.parts[-len(Path(name).parts) :] == Path(name).parts
        assert told_apart([path]) == (path.name,)
