"""The benchmark of spoilt photos: the same seed spoils alike, nothing it counts may happen."""

import importlib
import json
from argparse import Namespace
from pathlib import Path

import pytest

from matcher.photos import load_photo

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(BENCHMARKS)
    mutations = importlib.import_module("photo_mutations")
    hostile_photos = importlib.import_module("hostile_photos")

SEEDS = mutations.seeds()
LIMIT = 60.0
"""Seconds for one photo: far more than any takes, so that a busy machine fails no test."""


def test_every_seed_is_a_photo():
    assert {load_photo(data).size for data in SEEDS.values()} == {(64, 48), (48, 64)}
    encodings = {load_photo(data).format for data in SEEDS.values()}
    assert encodings >= {"JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"}


def test_the_same_numbers_give_the_same_bytes_and_others_give_others():
    again = [mutations.mutated(SEEDS, 5, number) for number in range(60)]
    assert again == [mutations.mutated(SEEDS, 5, number) for number in range(60)]
    assert len({data for _, data in again}) > 50
    assert again[0] != mutations.mutated(SEEDS, 6, 0)


def test_every_mutation_is_made():
    names = [mutations.mutated(SEEDS, 0, number)[0] for number in range(200)]
    for mutation in mutations.MUTATIONS:
        assert any(mutation.__name__ in name for name in names)


@pytest.mark.parametrize("number", range(0, 800, 100))
def test_no_spoilt_photo_gives_an_untyped_error_or_takes_too_much(number):
    for at in range(number, number + 100):
        name, data = mutations.mutated(SEEDS, 20261129, at)
        read = hostile_photos.read_one(name, data, LIMIT, salvage=at % 2 == 1)
        assert not read["bad"], read


def test_what_should_never_happen_is_counted(monkeypatch):
    def fail(*_, **__):
        raise LookupError

    monkeypatch.setattr(hostile_photos, "load_photo", fail)
    read = hostile_photos.read_one("one", SEEDS["png"], LIMIT, salvage=False)
    assert read["bad"] == ["untyped"]
    assert read["outcome"] == "LookupError"


def test_a_run_goes_on_where_it_stopped(tmp_path):
    out = tmp_path / "state.json"
    first = hostile_photos.run(30, 3, 600.0, LIMIT, out)
    assert (first["done"], sum(first["counts"].values())) == (30, 30)
    assert hostile_photos.run(50, 3, 600.0, LIMIT, out)["done"] == 50
    assert json.loads(out.read_text()) == hostile_photos.run(50, 3, 600.0, LIMIT, None)
    with pytest.raises(SystemExit, match="seed 3"):
        hostile_photos.run(50, 4, 600.0, LIMIT, out)


def test_the_tables_count_each_outcome_and_what_should_never_happen():
    record = hostile_photos.Record("made", Namespace(), "python made.py")
    counts = {"photo": 7, "PhotoDamagedError": 3, "over time": 1}
    hostile_photos.tables(record, {"seed": 3, "done": 10, "counts": counts}, 5.0)
    assert record.tables["photos"]["rows"] == [[10, 3, "5 s"]]
    assert record.tables["outcomes"]["rows"] == [["read", 7], ["PhotoDamagedError", 3]]
    never = dict(record.tables["what should never happen"]["rows"])
    assert list(never.values()) == [0, 1, 0, 0]
    assert never["more time than the limit"] == 1
