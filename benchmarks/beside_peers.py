"""Matcher beside its peers, on the same photos, in one run, each in an environment of its own.

    python benchmarks/beside_peers.py --fgnet FOLDER [--lfw FOLDER] [--only NAME ...]
        [--weights NAME=PATH ...] [--environments results/peers] [--keep FOLDER]
        [--awkward FOLDER] [--limit N] [--draws 1000] [--seed 1]

`peers/sides.toml` names the sides, what is installed for each, pinned, and their weights. An
environment is made when it is first needed (needs the package index). A side that cannot be had is
left out, and the reason stands in the table. No side fetches weights: its process has no network.
Each side does what its documentation tells a user to do: its own decoder, detector, alignment,
model and measure. The largest face of a photo counts.

FG-NET's photos are named subject, "A", age (001A02.JPG). All sides take each photo as it is, a
batch in turn, one photo at a time, on one processor: that is timed. Then they take the same
pictures of poor cameras (`matcher.degradation`): files in which the face has 48, 32 and 24 pixels
in the box of matcher's MTCNN. Each side finds and aligns the face again. A photo without a face
counts as missed, see `beside_peers_rows`. The rows are those of `accuracy.py`. Intervals hold 95 %
of the draws of people, differences are of the same photos and draws. With --lfw the pairs of View 2
follow.

At last each side takes thirty awkward files, made of rendered people, see `awkward_files`, in the
folder that --awkward names. `--keep` (default: kept, among the environments) holds the outcomes, so
that a run that was ended goes on; a time is then of the run that took the photo. The folder holds
vectors of faces: keep it as the photos are kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from accuracy_rows import CLEAN, Row, weights_of
from beside_peers_rows import CAMERAS, fgnet_rows, lfw_rows
from beside_peers_sides import Ready, pictures, prepare, take_turns
from beside_peers_tables import record_accuracy, record_awkward, record_speed
from peer_environments import FOLDER, Missing, facts, sides
from recording import Record

from fairness import AuditError, Cohort
from fairness.cohort import read_fgnet, read_lfw, read_pairs

SEARCHED = "clean, as probes"
"""The pass of sides that search with other vectors than they keep: they take the photos again."""


def measure_fgnet(ready: Sequence[Ready], cohort: Cohort, options: argparse.Namespace) -> None:
    """Have all sides take FG-NET's photos, as they are and as poor cameras show them."""
    photos = _paths(cohort)
    take_turns(ready, CLEAN, photos, "gallery")
    apart = [one for one in ready if one.side.script == "matcher_path.py"]
    take_turns(apart, SEARCHED, photos, "search")
    for camera, each in pictures(photos, options.keep / "pictures").items():
        take_turns(ready, camera, each, "search")


def rows_of(one: Ready, cohort: Cohort, options: argparse.Namespace) -> list[Row]:
    """Return the rows of a side on FG-NET."""
    keys = [sample.photo for sample in cohort.samples]
    clean = SEARCHED if SEARCHED in one.outcomes else CLEAN
    probes = {CLEAN: one.looked(clean, keys)}
    probes |= {camera: one.looked(camera, keys) for camera in CAMERAS}
    weights = weights_of(len(cohort.subjects), options.draws, options.seed)
    return fgnet_rows(cohort, one.looked(CLEAN, keys), probes, one.measure, weights, options.seed)


def lfw_of(ready: Sequence[Ready], cohort: Cohort, options: argparse.Namespace) -> list[list[Row]]:
    """Have all sides take LFW's photos, and return the rows of each."""
    take_turns(ready, "lfw", _paths(cohort), "gallery")
    keys = [sample.photo for sample in cohort.samples]
    pairs = read_pairs(options.lfw / "pairs.txt")
    return [
        lfw_rows(cohort, pairs, one.looked("lfw", keys), one.measure, options.draws, options.seed)
        for one in ready
    ]


def _paths(cohort: Cohort) -> dict[str, Path]:
    folder = (cohort.folder or Path()).absolute()
    return {sample.photo: folder / sample.photo for sample in cohort.samples}


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fgnet", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--lfw", type=Path, metavar="FOLDER", help="with pairs.txt in it")
    parser.add_argument("--awkward", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=[side.name for side in sides()])
    parser.add_argument(
        "--weights", nargs="+", default=[], metavar="NAME=PATH", help=", ".join(facts()["weights"])
    )
    parser.add_argument("--environments", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=int, help="only the first photos of FG-NET and of LFW")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)


def given_weights(parser: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, Path]:
    """Return the paths that --weights names."""
    known, given = facts()["weights"], {}
    for word in words:
        name, sign, path = word.partition("=")
        if name not in known or not sign:
            parser.error(f"--weights takes NAME=PATH with a name of {', '.join(known)}: {word}")
        given[name] = Path(path)
    return given


def limited(cohort: Cohort, limit: int | None) -> Cohort:
    """Return the first photos of a cohort."""
    return cohort if limit is None else cohort.where(np.arange(len(cohort)) < limit)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepare the sides, measure, record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    _options(parser)
    record = Record.begin(__file__, parser, arguments)
    options = record.options
    options.keep = options.keep or options.environments / "kept"
    given = given_weights(parser, options.weights)
    torch.set_num_threads(1)
    try:
        cohort = limited(read_fgnet(options.fgnet), options.limit)
        lfw = limited(read_lfw(options.lfw), options.limit) if options.lfw else None
    except AuditError as error:
        parser.error(str(error))
    chosen = [side for side in sides() if options.only is None or side.name in options.only]
    with ExitStack() as stack:
        ready, who = [], []
        for side in chosen:
            try:
                one = prepare(side, options, given, stack)
            except Missing as error:
                who.append((side.name, side.package, None, side.path, side.terms, f"no: {error}"))
                continue
            ready.append(one)
            version = one.process.hello["versions"][side.package]
            who.append((side.name, side.package, version, side.path, side.terms, "yes"))
        record.table("who", ("side", "package", "version", "path", "terms", "measured"), who)
        if ready:
            measure_fgnet(ready, cohort, options)
            columns = [rows_of(one, cohort, options) for one in ready]
            if lfw is not None:
                extra = lfw_of(ready, lfw, options)
                columns = [[*rows, *more] for rows, more in zip(columns, extra, strict=True)]
            record_accuracy(record, [one.side.name for one in ready], columns)
            record_speed(record, ready, options)
            record_awkward(record, ready, options)
    record.write()


if __name__ == "__main__":
    main()
