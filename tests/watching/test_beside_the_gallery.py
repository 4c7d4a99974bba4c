"""All that is done to a gallery goes on working beside its watch list, also another model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from job_builders import NEW, OLD, SETTINGS, add, listed
from made_watch import lines_of

from matcher import open_watch_list, run_watch_list, set_watch_list
from matcher.embedding import Extractor
from matcher.enrolment import PhotoOfSubject, enrol
from matcher.errors import GalleryModelError
from matcher.faces import POLICIES
from matcher.gallery import Gallery, Subject
from matcher.jobs import prune, reindex, rollback, switch
from matcher.watching import ToFile, read_watch_list
from matcher.watching.files import FOLDER_NAME


@dataclass(frozen=True)
class Made:
    """A gallery of drawn photos of three subjects, each of whom is sought under another name."""

    path: Path
    photos: list[PhotoOfSubject]
    file: Path

    @property
    def watch(self) -> Path:
        return self.path / FOLDER_NAME

    def run(self) -> int:
        """Run the list; return how many leads are new."""
        with Gallery.open(self.path) as gallery:
            return run_watch_list(gallery).new


@pytest.fixture
def made(tmp_path: Path) -> Made:
    path, file = tmp_path / "gallery", tmp_path / "leads.jsonl"
    photos = listed(tmp_path / "photos", range(12))
    with Gallery.create(path, model=OLD.model) as gallery:
        set_watch_list(gallery, threshold=0.99, receiver=ToFile(file))
        with open_watch_list(gallery) as probes:
            sought = [
                PhotoOfSubject(one.path, Subject(f"sought-{one.subject.subject_id}"))
                for one in photos
            ]
            enrol(probes, OLD, sought, policy=POLICIES["off"])
    add(path, photos)
    return Made(path, photos, file)


def over(folder: Path, extractor: Extractor) -> None:
    """Re-index a gallery and switch to the new edition."""
    reindex(folder, extractor, settings=SETTINGS)
    switch(folder, settings=SETTINGS)


def test_a_list_is_brought_over_to_another_model_by_the_commands_of_the_message(
    made: Made, tmp_path: Path
) -> None:
    assert made.run() == 3
    over(made.path, NEW)
    with Gallery.open(made.path) as gallery:
        with pytest.raises(GalleryModelError) as caught:
            run_watch_list(gallery)
        message = str(caught.value)
        assert str(OLD.model) in message
        assert str(NEW.model) in message
        for command in (
            f"matcher reindex run {made.watch} --model fake",
            f"matcher reindex switch {made.watch}",
            f"matcher watch set {made.path} --threshold",
        ):
            assert command in message
        over(made.watch, NEW)
        with pytest.raises(GalleryModelError, match="rule of the watch list") as caught:
            run_watch_list(gallery)
        assert "reindex" not in str(caught.value)
        set_watch_list(gallery, threshold=0.99)
        after = run_watch_list(gallery)
        assert "another history" in after.compared.anew
        assert after.new == 0  # faces keep their ids, so that what was reported stays reported
        listed_again = listed(tmp_path / "photos", range(12, 16))
        enrol(gallery, NEW, listed_again, policy=POLICIES["off"])
        with open_watch_list(gallery) as probes:
            sought = [PhotoOfSubject(one.path, Subject("sought-late")) for one in listed_again]
            enrol(probes, NEW, sought, policy=POLICIES["off"])
        assert run_watch_list(gallery).new == 1
    assert len(lines_of(made.file)) == 4


def test_a_rollback_brings_the_list_back(made: Made) -> None:
    assert made.run() == 3
    for path in (made.path, made.watch):
        over(path, NEW)
        rollback(path, settings=SETTINGS)
    assert made.run() == 0


def test_verify_rebuild_migrate_and_editions_go_on_beside_a_list(made: Made) -> None:
    assert made.run() == 3
    with Gallery.open(made.path) as gallery:
        gallery.rebuild("exact")
        gallery.migrate()
        assert gallery.verify().faults == ()
        with open_watch_list(gallery) as probes:
            probes.rebuild()
            assert probes.verify().faults == ()
    over(made.path, NEW)
    prune(made.path, keep=0)
    with Gallery.open(made.path) as gallery:
        assert gallery.verify().faults == ()
        assert len(gallery) == 12
        assert len(read_watch_list(gallery).subjects) == 3
        gallery.remove_subject("subject-000")
        assert gallery.verify().faults == ()
    assert (made.watch / "store.sqlite3").is_file()


def test_what_a_dead_process_left_of_a_list_that_it_made_is_cleared(made: Made) -> None:
    draft = made.path / f".{FOLDER_NAME}.abcd1234"
    (draft / FOLDER_NAME).mkdir(parents=True)
    (draft / FOLDER_NAME / "store.sqlite3").write_bytes(b"half")
    made.run()
    assert not draft.exists()


def test_a_gallery_that_was_copied_with_its_list_reports_on_from_there(
    made: Made, tmp_path: Path
) -> None:
    import shutil

    assert made.run() == 3
    shutil.copytree(made.path, tmp_path / "copy")
    with Gallery.open(tmp_path / "copy") as copy:
        assert run_watch_list(copy).new == 0
