"""Manifests and folders of research sets become cohorts; what does not follow is visible."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import rendered_cohort

from fairness.cohort import (
    Cohort,
    Sample,
    read_cohort,
    read_fairface,
    read_fgnet,
    read_lfw,
    read_manifest,
    read_utkface,
)
from fairness.cohort.manifest import COLUMNS
from fairness.errors import CohortError


def folder_of(place: Path, *photos: str, **tables: str) -> Path:
    """Make empty files in the place of photos, and tables by name."""
    for photo in photos:
        (place / photo).parent.mkdir(parents=True, exist_ok=True)
        (place / photo).touch()
    for name, text in tables.items():
        (place / name.replace("_csv", ".csv").replace("_txt", ".txt")).write_text(text, "utf-8")
    return place


def manifest(place: Path, text: str) -> Path:
    return folder_of(place, manifest_csv=text) / "manifest.csv"


def test_a_manifest_with_every_column(tmp_path: Path) -> None:
    row = {
        "photo": "a/1.jpg",
        "subject": "s1",
        "age_at_capture": "8",
        "age_band": "6-10",
        "taken_on": "2018-05-01",
        "date_of_birth": "2010-05-01",
        "sex": "Female",
        "sex_provenance": "guardian reported",
        "skin_tone_monk": "7",
        "skin_tone_fitzpatrick": "5",
        "skin_tone_l": "41.5",
        "skin_tone_hue": "58",
        "family": "f1",
        "quality": "0.8",
        "capture_type": "school photo",
        "source": "register",
        "licence": "consent of the guardian",
        "role": "probe",
        "glasses": "yes",
    }
    assert set(COLUMNS) <= set(row)
    found = read_manifest(manifest(tmp_path, f"{','.join(row)}\n{','.join(row.values())}\n"))
    assert found.folder == tmp_path
    assert found.name == tmp_path.name
    assert found.samples == (
        Sample(
            photo="a/1.jpg",
            subject="s1",
            age_at_capture=8,
            age_band="6-10",
            taken_on=date(2018, 5, 1),
            date_of_birth=date(2010, 5, 1),
            sex="female",
            sex_provenance="guardian_reported",
            skin_tone_monk=7,
            skin_tone_fitzpatrick=5,
            skin_tone_l=41.5,
            skin_tone_hue=58,
            family="f1",
            quality=0.8,
            capture_type="school photo",
            source="register",
            licence="consent of the guardian",
            labels={"role": "probe", "glasses": "yes"},
        ),
    )


def test_empty_and_unknown_cells_are_not_known(tmp_path: Path) -> None:
    text = (
        "photo,subject,age,gender,family,race\n1.jpg,s1,,unknown,Unknown,\n\n2.jpg,s2,3,male,,x\n"
    )
    first, second = read_manifest(manifest(tmp_path, text)).samples
    assert first == Sample("1.jpg", "s1")
    assert second == Sample("2.jpg", "s2", age_at_capture=3, sex="male", labels={"race": "x"})


def test_a_byte_order_mark_and_backslashes_are_understood(tmp_path: Path) -> None:
    found = read_manifest(manifest(tmp_path, "\ufefffile,subject\nb\\1.jpg,s1\n"))
    assert found.samples[0].photo == "b/1.jpg"


def test_the_manifest_of_rendered_people_reads_cleanly(cohort: rendered_cohort.Cohort) -> None:
    found = read_cohort(cohort.manifest)
    assert len(found) == len(found.subjects) == rendered_cohort.SUBJECTS
    assert all((cohort.manifest.parent / sample.photo).is_file() for sample in found.samples)
    assert set(found.grouping("age").names) == {"08 to under 13"}
    assert "unknown" not in (*found.grouping("tone").names, *found.grouping("apparent_tone").names)
    assert found.factors[-1] == "degradation"
    assert read_cohort(cohort.manifest.parent).sha256 == found.sha256


FAULTY = {
    "no subject": ("photo\n1.jpg\n", "no column subject"),
    "no header": ("", "no column photo and subject|first row"),
    "a column twice": ("photo,subject,sex,gender\n1.jpg,s1,male,male\n", "sex more than once"),
    "no number": (
        "photo,subject,age\n1.jpg,s1,ten\n",
        "line 2: age_at_capture is not a number of years",
    ),
    "no date": ("photo,subject,taken_on\n1.jpg,s1,1/5/18\n", "a date such as 2019-05-28"),
    "half a Monk step": (
        "photo,subject,skin_tone_monk\n1.jpg,s1,2.5\n",
        "skin_tone_monk is not a whole number",
    ),
    "Monk 11": ("photo,subject,skin_tone_monk\n1.jpg,s1,11\n", "a whole number from 1 to 10"),
    "a cell too few": ("photo,subject,sex\n1.jpg,s1\n", "line 2: 2 cells under 3 columns"),
    "a cell too many": ("photo,subject\n1.jpg,s1,x\n", "line 2: 3 cells under 2 columns"),
    "an empty subject": ("photo,subject\n1.jpg,\n", "line 2: subject is not given"),
    "an unknown subject": ("photo,subject\n1.jpg,unknown\n", "line 2: subject is not given"),
    "an open quote": ('photo,subject\n"1.jpg,s1\n', "unexpected end of data"),
    "no rows": ("photo,subject\n", "at least one photo"),
    "one photo twice": ("photo,subject\n1.jpg,s1\n1.jpg,s1\n", "occurs 2 times"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_manifests_are_refused(name: str, tmp_path: Path) -> None:
    text, said = FAULTY[name]
    with pytest.raises(CohortError, match=said):
        read_manifest(manifest(tmp_path, text))


def test_all_faults_of_a_manifest_are_named_at_once(tmp_path: Path) -> None:
    text = "photo,subject,age,taken_on\n1.jpg,s1,ten,never\n2.jpg,,4,2018-05-01\n"
    with pytest.raises(CohortError, match=r"2 faults: .*line 2: age.*taken_on.*line 3: subject"):
        read_manifest(manifest(tmp_path, text))


def test_a_row_that_cannot_be_read_is_refused_alone_and_named(tmp_path: Path) -> None:
    text = (
        "photo,subject,age,sex\n1.jpg,s1,ten,male\n2.jpg,s2,4,male\n3.jpg,s3,4\n4.jpg,s4,4,boy\n"
        "5.jpg,s5,200,\n"
    )
    found = read_manifest(manifest(tmp_path, text))
    assert found.subjects == ("s2",)
    assert [(row.item, row.why.partition(":")[0]) for row in found.refused] == [
        ("1.jpg", "manifest.csv, line 2"),
        ("3.jpg", "manifest.csv, line 4"),
        ("4.jpg", "manifest.csv, line 5"),
        ("5.jpg", "manifest.csv, line 6"),
    ]
    for row, content in zip(found.refused, ("ten", "s3", "boy", "200"), strict=True):
        assert content not in row.why  # the report is passed on
    assert found.without({"9.jpg"}, "none").refused == found.refused


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="No such file"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(CohortError, match="nothing there"):
        read_cohort(tmp_path / "none.csv")


def test_fgnet_names_hold_subject_and_age(tmp_path: Path) -> None:
    place = folder_of(tmp_path, "images/001A02.JPG", "images/001A02a.JPG", "images/082A18.jpg")
    found = read_cohort(place)
    assert [(s.photo, s.subject, s.age_at_capture) for s in found.samples] == [
        ("images/001A02.JPG", "001", 2),
        ("images/001A02a.JPG", "001", 2),
        ("images/082A18.jpg", "082", 18),
    ]
    assert found.folder == place
    assert found.set_aside == ()


def test_photos_that_do_not_follow_are_set_aside_visibly(tmp_path: Path) -> None:
    place = folder_of(tmp_path, "001A02.JPG", "001A05.JPG", "001A08.JPG", "cover.png", "read.txt")
    found = read_fgnet(place)
    assert len(found) == 3
    assert [(left.item, left.why) for left in found.set_aside] == [
        ("cover.png", "not named like 001A02.JPG")
    ]


def test_thumbnails_of_a_system_are_no_photos_of_a_cohort(tmp_path: Path) -> None:
    litter = (".thumbnails/001A02.JPG", "@eaDir/001A05.JPG", "__MACOSX/001A02.JPG")
    found = read_fgnet(folder_of(tmp_path, "001A02.JPG", *litter))
    assert [sample.photo for sample in found.samples] == ["001A02.JPG"]
    assert {left.item for left in found.set_aside} == set(litter)
    table = folder_of(tmp_path / "fairface", "val/1.jpg", ".thumbnails/1.jpg", l_csv=FAIRFACE)
    assert [sample.photo for sample in read_fairface(table).samples] == ["val/1.jpg"]


def test_a_name_with_an_accent_is_one_subject_in_folder_and_table(tmp_path: Path) -> None:
    name, same = "Zoe\u0308", "Zo\u00eb"
    photo = f"{name}/{name}_0001.jpg"
    found = read_lfw(folder_of(tmp_path, photo, labels_csv=f"file,subject\n{photo},{same}\n"))
    assert found.subjects == (same,)
    assert found.samples[0].photo == photo


def test_a_label_that_cannot_be_read_leaves_its_photo_without_labels(tmp_path: Path) -> None:
    table = "file,age,gender\n001A02.JPG,two,male\n001A09.JPG,9,male\n"
    found = read_fgnet(folder_of(tmp_path, "001A02.JPG", "001A09.JPG", labels_csv=table))
    assert [sample.sex for sample in found.samples] == ["unknown", "male"]
    assert [row.item for row in found.refused] == ["001A02.JPG"]


def test_labels_add_to_what_names_say(tmp_path: Path) -> None:
    table = "file,subject,age,gender\n001A02.JPG,001,2,male\n001A09.JPG,001,9,male\n"
    place = folder_of(tmp_path, "001A02.JPG", "002A03.JPG", labels_csv=table)
    found = read_fgnet(place)
    assert [s.sex for s in found.samples] == ["male", "unknown"]
    assert [s.sex_provenance for s in found.samples] == ["annotator_perceived", "unknown"]
    assert [(left.item, left.why) for left in found.set_aside] == [
        ("001A09.JPG", "labelled, but not in the folder")
    ]


def test_labels_that_contradict_names_are_refused(tmp_path: Path) -> None:
    table = "file,subject,age\n001A02.JPG,002,2\n002A03.JPG,002,5\n002A03.JPG,002,3\n"
    place = folder_of(tmp_path, "001A02.JPG", "002A03.JPG", labels_csv=table)
    with pytest.raises(CohortError) as refusal:
        read_fgnet(place)
    assert "3 faults" in str(refusal.value)
    assert "subject 002 of '001A02.JPG', whose name says 001" in str(refusal.value)
    assert "age_at_capture 5.0 of '002A03.JPG', whose name says 3.0" in str(refusal.value)
    assert "'002A03.JPG' has a row already" in str(refusal.value)


LFW_PHOTOS = ("lfw/Ann_Lee/Ann_Lee_0001.jpg", "lfw/Ann_Lee/Ann_Lee_0002.jpg", "lfw/Bo/Bo_0001.jpg")


def test_lfw_folders_hold_the_names(tmp_path: Path) -> None:
    table = f"file,subject,gender,race\n{LFW_PHOTOS[0]},Ann_Lee,female,unknown\n"
    found = read_cohort(folder_of(tmp_path, *LFW_PHOTOS, labels_csv=table))
    assert found.subjects == ("Ann_Lee", "Bo")
    assert [s.sex for s in found.samples] == ["female", "unknown", "unknown"]
    assert found.samples[0].sex_provenance == "annotator_perceived"


def test_lfw_pairs_restrict_the_cohort(tmp_path: Path) -> None:
    pairs = "1\t1\nAnn_Lee\t1\t3\nAnn_Lee\t1\tBo\t1\n"
    found = read_lfw(folder_of(tmp_path, *LFW_PHOTOS, pairs_txt=pairs))
    assert [s.photo for s in found.samples] == [LFW_PHOTOS[0], LFW_PHOTOS[2]]
    assert [(left.item, left.why) for left in found.set_aside] == [
        (LFW_PHOTOS[1], "in no pair of pairs.txt"),
        ("Ann_Lee/Ann_Lee_0003.jpg", "in pairs.txt, but not in the folder"),
    ]


def test_lfw_pairs_that_are_none_are_refused(tmp_path: Path) -> None:
    place = folder_of(tmp_path, *LFW_PHOTOS, pairs_txt="1\t1\nAnn_Lee 1 2\n")
    with pytest.raises(CohortError, match="line 2 is 'Ann_Lee 1 2'"):
        read_lfw(place)


def test_utkface_names_hold_age_gender_and_race(tmp_path: Path) -> None:
    good = ("part1/8_1_2_20170104020210693.jpg", "100_0_4_2017.jpg.chip.jpg")
    found = read_cohort(folder_of(tmp_path, *good, "61_1_20170109142408075.jpg"))
    assert [(s.age_at_capture, s.sex, s.labels["race"]) for s in found.samples] == [
        (100, "male", "Others"),
        (8, "female", "Asian"),
    ]
    assert len(found.subjects) == 2
    assert [left.item for left in found.set_aside] == ["61_1_20170109142408075.jpg"]


FAIRFACE = (
    "file,age,gender,race,service_test\n"
    "val/1.jpg,0-2,Female,Black,True\n"
    "val/2.jpg,more than 70,Male,East Asian,False\n"
    "val/3.jpg,10-19,Male,Indian,False\n"
    "val/4.jpg,70+,Male,Indian,False\n"
)


def test_fairface_labels_come_from_tables(tmp_path: Path) -> None:
    photos = ("val/1.jpg", "val/2.jpg", "val/4.jpg", "val/9.jpg")
    found = read_cohort(folder_of(tmp_path, *photos, fairface_label_val_csv=FAIRFACE))
    assert [(s.age_band, s.sex, s.labels.get("race")) for s in found.samples] == [
        ("00-02", "female", "Black"),
        ("70 and over", "male", "East Asian"),
        ("70 and over", "male", "Indian"),
        (None, "unknown", None),
    ]
    assert [left.item for left in found.set_aside] == ["val/3.jpg"]
    assert found.samples[0].sex_provenance == "annotator_perceived"


def test_one_table_of_fairface_needs_no_photos(tmp_path: Path) -> None:
    table = folder_of(tmp_path, fairface_label_val_csv=FAIRFACE) / "fairface_label_val.csv"
    found = read_cohort(table)
    assert len(found) == len(found.subjects) == 4
    assert found.folder == tmp_path


def test_a_folder_with_labels_and_names_of_its_own(tmp_path: Path) -> None:
    table = "file,subject,age\nx.jpg,s1,4\ny.jpg,s1,8\n"
    found = read_cohort(folder_of(tmp_path, "x.jpg", "y.jpg", labels_csv=table))
    assert [(s.subject, s.age_at_capture) for s in found.samples] == [("s1", 4), ("s1", 8)]
    assert read_cohort(tmp_path, "manifest").sha256 == found.sha256


@pytest.mark.parametrize("reader", [read_cohort, read_fgnet, read_lfw, read_utkface, read_fairface])
def test_a_folder_in_no_layout_is_refused(reader: object, tmp_path: Path) -> None:
    assert callable(reader)
    for place in (tmp_path, folder_of(tmp_path, "holiday.jpg"), tmp_path / "none"):
        with pytest.raises(CohortError, match=r"manifest, fgnet, lfw, utkface, fairface"):
            reader(place)


def test_a_layout_that_was_asked_for_is_not_guessed(tmp_path: Path) -> None:
    place = folder_of(tmp_path, "001A02.JPG", "001A03.JPG")
    with pytest.raises(CohortError, match=r"Name_0001\.jpg"):
        read_cohort(place, "lfw")
    with pytest.raises(CohortError, match=r"neither manifest\.csv nor labels\.csv"):
        read_cohort(place, "manifest")
    assert isinstance(read_cohort(place, "fgnet"), Cohort)
