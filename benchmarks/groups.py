"""Which way of grouping unknown faces is right most often, and at which threshold.

    python benchmarks/groups.py --fgnet FOLDER [--lfw FOLDER] [--rendered MANIFEST]
        [--model NAME] [--baseline NAME ...] [--vectors FOLDER] [--precision 0.99]
        [--draws 1000] [--seed 1]

FG-NET's folder holds photos named subject, "A", age (001A02.JPG); that of LFW holds
Name/Name_0001.jpg and pairs.txt, and counts with the people of folds 6-10 only, who trained no
model of ours. The manifest is one that `matcher synth` wrote. The largest face of a photo counts;
photos without one are left out, and counted. `--vectors` names a folder in which vectors are kept.

Each method gets the lowest threshold from which on its BCubed precision on FG-NET is at least
`--precision`. The other sets are grouped at the same threshold. "FG-NET, halves": the threshold is
chosen on half of the people and measured on the other half, both ways. Intervals hold 95 % of the
draws of people, with the groups as they are. The tables:

- every method on every set, each set by itself, and FG-NET and LFW in one;
- the first method on FG-NET by age. A face "with another person" is in a group that also holds
  another person; such a group is "merged";
- the first method on both in one, when only some of the people are in the folder;
- by age, how many pairs of different people score as high as a link, and as the threshold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accuracy import JUDGING_FOLDS, make_before_work
from accuracy_rows import CLEAN
from accuracy_vectors import embed
from groups_measures import Codes
from groups_methods import METHODS, hdbscan, usual_threshold
from groups_tables import (
    Faces,
    Findings,
    ages_table,
    halves,
    lowest_threshold,
    methods_table,
    pairs_table,
    sizes_table,
)
from recording import Cell, Record

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet, read_lfw, read_manifest, read_pairs
from matcher.embedding import DEFAULT_MODEL, Embedder, load_model
from matcher.errors import MatcherError
from matcher.heap import use_one_heap

USUAL_MODEL = "dlib-resnet"


@dataclass(frozen=True, eq=False)
class Data:
    """The sets of one model; FG-NET and LFW also in one."""

    model: str
    sets: dict[str, Faces]

    @property
    def fgnet(self) -> Faces:
        """The set on which thresholds are chosen."""
        return self.sets["FG-NET"]

    @classmethod
    def of(cls, model: str, seen: Mapping[str, Sequence[Faces]], place: int) -> Data:
        """Return the faces that the model in a place sees."""
        sets = {name: faces[place] for name, faces in seen.items()}
        if "LFW" in sets:
            sets["both in one"] = Faces.joined([sets["FG-NET"], sets["LFW"]])
        return cls(model, sets)


def faces_of(cohort: Cohort, models: Sequence[Embedder], keep: Path | None) -> list[Faces]:
    """Return the faces of a cohort as each model sees them."""
    made = embed(cohort, models, cameras=(), keep=keep)
    ages = [sample.age_at_capture for sample in cohort.samples]
    known = np.array([np.nan if age is None else age for age in ages], np.float64)
    people = cohort.subject_codes[made.found]
    return [Faces(seen[CLEAN].vectors, people, known[made.found]) for seen in made.vectors]


def read(options: argparse.Namespace) -> dict[str, Cohort]:
    """Read the sets that are named."""
    cohorts = {"FG-NET": read_fgnet(options.fgnet)}
    if options.lfw:
        lfw = read_lfw(options.lfw)
        names = read_pairs(options.lfw / "pairs.txt").people(JUDGING_FOLDS)
        cohorts["LFW"] = lfw.where(np.array([one.subject in names for one in lfw.samples]))
    if options.rendered:
        cohorts["rendered"] = read_manifest(options.rendered)
    return cohorts


def findings_of(data: Data, precision: float) -> Iterator[Findings]:
    """Yield what each method makes of each set."""
    for name, method in METHODS.items():
        threshold = lowest_threshold(method, data.fgnet, precision)
        for kind, faces in data.sets.items():
            groups = method(faces.vectors)(threshold)
            yield Findings(data.model, name, threshold, kind, faces.people, groups)
        crossed = _crossed(data.fgnet, name, precision)
        yield Findings(data.model, name, None, "FG-NET, halves", *crossed)
        print(f"{data.model}, {name}: {threshold:.3f}", file=sys.stderr)
    for kind, faces in data.sets.items():
        groups_at = hdbscan(faces.vectors)(0)
        yield Findings(data.model, "HDBSCAN", None, kind, faces.people, groups_at)
    if data.model.startswith(USUAL_MODEL):
        for kind, faces in data.sets.items():
            groups_at = METHODS["Chinese whispers (dlib)"](faces.vectors)(usual_threshold())
            yield Findings(
                data.model,
                "Chinese whispers, usual",
                usual_threshold(),
                kind,
                faces.people,
                groups_at,
            )


def _crossed(faces: Faces, name: str, precision: float) -> tuple[Codes, Codes]:
    """Group each half of the people at the threshold that was chosen on the other half."""
    people: list[Codes] = []
    groups: list[Codes] = []
    for chosen_on, judged in halves(faces):
        threshold = lowest_threshold(METHODS[name], chosen_on, precision)
        people.append(judged.people)
        made = METHODS[name](judged.vectors)(threshold)
        groups.append(made + (groups[0].max() + 1 if groups else 0))
    return np.concatenate(people), np.concatenate(groups)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, embed, group, print, save."""
    use_one_heap()
    parser, record = _options(arguments)
    options = record.options
    try:
        models = [load_model(name) for name in (options.model, *options.baseline)]
        cohorts = read(options)
        seen = {name: faces_of(cohort, models, options.vectors) for name, cohort in cohorts.items()}
    except (AuditError, MatcherError) as error:
        parser.error(str(error))
    record.table(
        "photos",
        ("set", "photos", "without a face", "people", "people with one photo"),
        [counts(name, cohorts[name], faces) for name, (faces, *_) in seen.items()],
    )
    data = [
        Data.of(f"{model.identity.name} {model.identity.version}", seen, place)
        for place, model in enumerate(models)
    ]
    found = [one for of_model in data for one in findings_of(of_model, options.precision)]
    methods_table(found, options.draws, options.seed, record)
    _tables(data[0], found[0], record)
    record.write()


def counts(name: str, cohort: Cohort, faces: Faces) -> tuple[Cell, ...]:
    """Return how many photos and people a set has."""
    photos = np.unique(faces.people, return_counts=True)[1]
    without = len(cohort) - len(faces.people)
    return name, len(cohort), without, len(photos), int((photos == 1).sum())


def _tables(data: Data, first: Findings, record: Record) -> None:
    """Write what becomes of ages, of folders of several sizes, and of pairs of children."""
    options = record.options
    method, threshold = METHODS[first.method], first.threshold or 0.0
    ages_table(data.fgnet, method, threshold, options.draws, options.seed, record)
    most = data.sets.get("both in one", data.fgnet)
    sizes_table(most, method, threshold, options.seed, record)
    pairs_table(data.fgnet, threshold, record)


def _options(arguments: Sequence[str] | None) -> tuple[argparse.ArgumentParser, Record]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--fgnet", type=Path, metavar="FOLDER", required=True)
    parser.add_argument("--lfw", type=Path, metavar="FOLDER", help="with pairs.txt in it")
    parser.add_argument("--rendered", type=Path, metavar="MANIFEST", help="of `matcher synth`")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name, or a TOML record")
    parser.add_argument(
        "--baseline", metavar="NAME", action="append", default=[], help="may be repeated"
    )
    parser.add_argument("--vectors", type=Path, metavar="FOLDER", help="read and keep vectors here")
    parser.add_argument("--precision", type=float, default=0.99)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    if not 0 < options.precision <= 1 or options.draws < 1 or options.seed < 0:
        parser.error("need --precision in (0, 1], --draws of at least 1, --seed not negative")
    make_before_work(parser, options.vectors)
    return parser, record


if __name__ == "__main__":
    main()
