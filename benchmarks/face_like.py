"""Vectors that lie as those of a model do: a mixture that is fitted to the vectors of photos.

    python benchmarks/face_like.py PEOPLE SAME [--keep FILE]

PEOPLE is a folder with one photo of each person, such as FairFace; SAME is FG-NET, whose file names
say who is shown. The mixture has one normal distribution for each of 64 groups of people, and one
for how photos of one person differ, which some photos do more than others. The command prints how
its cosines compare with those of the photos: of the nearest other person, of any two people, and of
two photos of one person.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from recording import Record

from matcher import load_extractor

Vectors = NDArray[np.float32]

GROUPS = 64
DIFFER = 0.45
"""Standard deviation of the logarithm of how much a photo differs from others of its person."""

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class FaceLike:
    """A mixture: shares (k,), means (k, d), and square roots of covariances (k, d, d), (d, d)."""

    shares: NDArray[np.float64]
    means: Vectors
    between: Vectors
    within: Vectors

    @classmethod
    def fitted(cls, people: Vectors, same: Vectors, who: Sequence[str]) -> FaceLike:
        """Fit to photos of different people, and to several photos of each of some people."""
        d = people.shape[1]
        names = np.asarray(who)
        within = np.cov(np.concatenate([_differences(same[names == one]) for one in set(who)]).T)
        groups: Any = faiss.Kmeans(d, GROUPS, niter=30, seed=1)
        groups.train(people)
        group = groups.index.search(people, 1)[1][:, 0]
        around = np.cov((people - groups.centroids[group]).T)
        shares, means, between = [], [], []
        for number in range(GROUPS):
            members = people[group == number]
            own = d / (d + len(members))  # few members: more of what all groups have in common
            spread = (1 - own) * np.cov(members.T) + own * around
            shares.append(len(members) / len(people))
            means.append(members.mean(axis=0))
            between.append(_root(spread - within))
        return cls(np.array(shares), np.array(means), np.array(between), _root(within))

    def draw(self, people: int, photos: int, seed: int) -> Vectors:
        """Return float32 vectors of shape (people, photos, d), unit length."""
        chance = np.random.default_rng(seed)
        group = chance.choice(len(self.shares), size=people, p=self.shares)
        d = self.means.shape[1]
        vectors = np.empty((people, photos, d), dtype=np.float32)
        for number in np.unique(group):
            here = np.flatnonzero(group == number)
            person = chance.standard_normal((len(here), d), dtype=np.float32)
            photo = chance.standard_normal((len(here), photos, d), dtype=np.float32) @ self.within
            differ = chance.standard_normal((len(here), photos, 1), dtype=np.float32)
            centre = self.means[number] + person @ self.between[number]
            vectors[here] = centre[:, None] + photo * np.exp(DIFFER * differ)
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        return vectors


def _differences(photos: Vectors) -> NDArray[np.float64]:
    """Return how photos of one person differ from their mean, as far as one photo can tell."""
    many = len(photos)
    if many < 2:
        return np.empty((0, photos.shape[1]))
    apart: NDArray[np.float64] = (photos - photos.mean(axis=0)) * np.sqrt(many / (many - 1))
    return apart


def _root(covariance: NDArray[np.float64]) -> Vectors:
    values, directions = np.linalg.eigh(covariance)
    root: Vectors = ((directions * np.sqrt(values.clip(0))) @ directions.T).astype(np.float32)
    return root


def read(people: Path, same: Path, keep: Path | None) -> tuple[Vectors, Vectors, list[str]]:
    """Return the vectors of both folders, and who is shown by those of the second."""
    if keep is not None and keep.exists():
        with np.load(keep) as kept:
            return kept["people"], kept["same"], kept["who"].tolist()
    first, _ = _embedded(people)
    second, names = _embedded(same)
    who = [name[:3] for name in names]
    if keep is not None:
        np.savez(keep, people=first, same=second, who=np.array(who))
    return first, second, who


def _embedded(folder: Path) -> tuple[Vectors, list[str]]:
    """Return the vector of the largest face of each photo that has one, and the file names."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".jpg", ".png"))
    seen = zip(files, load_extractor().extract_many(files, choose="largest"), strict=True)
    found = [(one.faces[0].vectors["face"], file.name) for file, one in seen if one.faces]
    told = f"{folder.name}: {len(found)} faces in {len(files)} photos"
    print(told, file=sys.stderr)
    return np.stack([vector for vector, _ in found]), [name for _, name in found]


def compared(
    mixture: FaceLike, people: Vectors, same: Vectors, who: Sequence[str], record: Record
) -> None:
    """Print and keep the cosines of the photos and of what was drawn, by their quantiles."""
    drawn = mixture.draw(len(people), 2, seed=5)
    names = np.asarray(who)
    mated = (names[:, None] == names) & ~np.eye(len(names), dtype=bool)
    chance = np.random.default_rng(6)
    pairs = chance.integers(0, len(people), (2, 200_000))
    pairs = pairs[:, pairs[0] != pairs[1]]
    first = drawn[:, 0]
    two_of = {
        "of the nearest other person": (_nearest(people), _nearest(first)),
        "of any two people": tuple(
            (each[pairs[0]] * each[pairs[1]]).sum(axis=1) for each in (people, first)
        ),
        "of two photos of one person": (
            (same @ same.T)[mated],
            (first * drawn[:, 1]).sum(axis=1),
        ),
    }
    rows = [
        (f"{what}, {kind}", *(f"{value:.3f}" for value in np.quantile(cosines, SHARES)))
        for what, both in two_of.items()
        for kind, cosines in zip(("photos", "drawn"), both, strict=True)
    ]
    heads = (f"{100 * share:.0f} % below" for share in SHARES)
    record.table("cosines", ("cosine", *heads), rows)


def _nearest(vectors: Vectors) -> Vectors:
    found: Vectors = faiss.knn(vectors, vectors, 2, metric=faiss.METRIC_INNER_PRODUCT)[0][:, 1]
    return found


def main() -> None:
    """Fit the mixture and compare it with the photos."""
    parser = argparse.ArgumentParser(description="Vectors that lie as those of photos do.")
    parser.add_argument("people", type=Path, help="folder with one photo of each person")
    parser.add_argument("same", type=Path, help="FG-NET")
    parser.add_argument("--keep", type=Path, help="file that keeps the vectors of the photos")
    record = Record.begin(__file__, parser)
    options = record.options
    people, same, who = read(options.people, options.same, options.keep)
    record.table(
        "photos",
        ("people with one photo", "photos of people with several", "people with several photos"),
        [(len(people), len(same), len(set(who)))],
    )
    compared(FaceLike.fitted(people, same, who), people, same, who, record)
    record.write()


if __name__ == "__main__":
    main()
