"""Measure what changes for searches when the new edition replaces the current one."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matcher.embedding import ModelIdentity
from matcher.gallery import Gallery
from matcher.gallery.editions import shadow_of
from matcher.governance import CaseContext
from matcher.jobs.lock import job_on
from matcher.jobs.reindexing import opened_shadow
from matcher.jobs.shadow import BUSY_TIMEOUT
from matcher.words import counted

DEPTH: Final = 200
"""Number of nearest faces among which a rank is found; a rank beyond them counts as none."""

LISTED: Final = 20
"""Number of ranks that a person reviews by default."""

_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False)
class SavedProbe:
    """A probe of a known subject, with the vectors of both models.

    Parameters
    ----------
    subject_id
        The subject of the face.
    old, new
        float32 arrays of shape (d,), unit length: the vectors of the old and the new model.
    face_id
        The probe's own face in the gallery, which is left out of its list; -1 if it has none.
    """

    subject_id: str
    old: NDArray[np.float32]
    new: NDArray[np.float32]
    face_id: int = -1


@dataclass(frozen=True)
class ScoreDistribution:
    """The distribution of scores.

    Parameters
    ----------
    pairs
        Number of pairs that were compared.
    quantiles
        Quantiles at 5, 25, 50, 75 and 95 %; empty without pairs.
    mean, deviation
        Mean and standard deviation of the scores; nan without pairs.
    """

    pairs: int
    quantiles: tuple[float, ...]
    mean: float
    deviation: float


@dataclass(frozen=True)
class Ranks:
    """Ranks of the probes' subjects in the old and the new lists.

    Parameters
    ----------
    probes
        Number of probes.
    first_old, first_new
        Numbers of probes whose subject is at rank 1.
    listed_old, listed_new
        Numbers of probes whose subject is within the first 20.
    better, same, worse
        Numbers of probes whose rank improved, stayed the same, or got worse.
    """

    probes: int
    first_old: int
    first_new: int
    listed_old: int
    listed_new: int
    better: int
    same: int
    worse: int


@dataclass(frozen=True)
class DriftReport:
    """Comparison of the old edition with the new one.

    Parameters
    ----------
    old, new
        The models.
    faces_old, faces_new, faces_both
        Number of faces in the old edition, in the new one, and in both.
    lost, gained
        Number of faces only in the old edition, and only in the new one.
    outcomes
        Number of faces for each outcome: `done`, `changed`, `no_face`, `photo_not_found`, ….
    mated_old, mated_new, non_mated_old, non_mated_new
        Scores of the same pairs of faces: pairs of one subject (mated) and of two subjects
        (non-mated). Scores of different models have different scales. Compare how far mated and
        non-mated scores lie apart.
    separation_old, separation_new
        Distance of the two means in units of their deviation, (m - n) / sqrt((s² + t²) / 2), with
        the means m, n and the deviations s, t of mated and non-mated scores.
    ranks
        Ranks of faces of the gallery, each searched among all others, or of the saved probes.
    """

    old: ModelIdentity
    new: ModelIdentity
    faces_old: int
    faces_new: int
    faces_both: int
    lost: int
    gained: int
    outcomes: Mapping[str, int]
    mated_old: ScoreDistribution
    mated_new: ScoreDistribution
    non_mated_old: ScoreDistribution
    non_mated_new: ScoreDistribution
    separation_old: float
    separation_new: float
    ranks: Ranks

    def to_json(self) -> str:
        """Return the report as JSON. Undefined numbers are null."""
        models = {"old": self.old.facts(), "new": self.new.facts()}
        return json.dumps(_plain(asdict(self) | models), indent=1, allow_nan=False)

    def rows(self) -> list[dict[str, Any]]:
        """Return the figures as rows with the old and the new value, or "not enough data"."""
        pairs: list[tuple[str, Any, Any]] = [
            ("model", str(self.old), str(self.new)),
            ("faces", self.faces_old, self.faces_new),
            ("faces that the other does not have", self.lost, self.gained),
        ]
        for kind in ("mated", "non_mated"):
            old, new = getattr(self, f"{kind}_old"), getattr(self, f"{kind}_new")
            for place, quantile in enumerate(_QUANTILES if old.pairs else ()):
                name = f"{kind.replace('_', '-')} score, {quantile:.0%} of {old.pairs} below"
                pairs.append((name, old.quantiles[place], new.quantiles[place]))
        pairs.append(("separation of mated from non-mated", *self._separations()))
        ranks, of = self.ranks, f"of {counted(self.ranks.probes, 'probe')}"
        pairs.append((f"subject first on the list, {of}", ranks.first_old, ranks.first_new))
        listed = f"subject among the first {LISTED}, {of}"
        pairs.append((listed, ranks.listed_old, ranks.listed_new))
        pairs.append((f"rank better in the one than in the other, {of}", ranks.worse, ranks.better))
        return [{"what": what, "old": old, "new": new} for what, old, new in pairs]

    def _separations(self) -> tuple[Any, Any]:
        both = self.separation_old, self.separation_new
        old, new = ("not enough data" if math.isnan(value) else value for value in both)
        return old, new


def compare(
    gallery: Path | str,
    *,
    pairs: int = 2000,
    probes: int = 500,
    saved: Sequence[SavedProbe] | None = None,
    seed: int = 0,
    context: CaseContext | None = None,
) -> DriftReport:
    """Compare the shadow with the current edition.

    Parameters
    ----------
    gallery
        The gallery's directory.
    pairs
        Largest number of mated and of non-mated pairs of faces to compare, drawn at random.
    probes
        Largest number of faces of the gallery to search with, drawn among subjects with several
        faces.
    saved
        Probes to search with instead, even if the sequence is empty.
    seed
        Seed of the draws.
    context
        Who compares. A governed gallery needs it, and records the comparison.

    Raises
    ------
    JobError
        There is no shadow.
    JobRunningError
        A job is filling the shadow.
    """
    chance = np.random.default_rng(seed)
    with ExitStack() as stack:
        old = stack.enter_context(job_on(gallery, looking=True, context=context))
        shadow = stack.enter_context(opened_shadow(old))
        edition = shadow_of(old.path)
        new = stack.enter_context(
            Gallery.open(old.path, edition=edition, busy_timeout=BUSY_TIMEOUT, context=context)
        )
        stack.enter_context(old.recorded("model_switch", action="compare"))
        outcomes = Counter(outcome.code or outcome.status for outcome in shadow.outcomes())
        face_ids, subjects = shadow.common()
        mated = _mated(face_ids, subjects, pairs, chance)
        non_mated = _non_mated(face_ids, subjects, pairs, chance)
        used = _probes(old, new, mated[:, 0], probes) if saved is None else saved
        return _report(old, new, len(face_ids), outcomes, mated, non_mated, used)


def _report(
    old: Gallery,
    new: Gallery,
    both: int,
    outcomes: Mapping[str, int],
    mated: NDArray[np.int64],
    non_mated: NDArray[np.int64],
    probes: Sequence[SavedProbe],
) -> DriftReport:
    scores = [_spread(_scores(side, ids)) for ids in (mated, non_mated) for side in (old, new)]
    return DriftReport(
        old=old.model,
        new=new.model,
        faces_old=len(old),
        faces_new=len(new),
        faces_both=both,
        lost=len(old) - both,
        gained=len(new) - both,
        outcomes=dict(outcomes),
        mated_old=scores[0],
        mated_new=scores[1],
        non_mated_old=scores[2],
        non_mated_new=scores[3],
        separation_old=_separation(scores[0], scores[2]),
        separation_new=_separation(scores[1], scores[3]),
        ranks=_ranks(
            [rank(old, probe.old, probe) for probe in probes],
            [rank(new, probe.new, probe) for probe in probes],
        ),
    )


def _mated(
    face_ids: NDArray[np.int64],
    subjects: NDArray[np.int64],
    most: int,
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """Return pairs of faces of one subject, (n, 2): neighbours after a shuffle within subjects."""
    order = np.lexsort((chance.random(len(face_ids)), subjects))
    same = subjects[order][1:] == subjects[order][:-1]
    pairs = np.stack([face_ids[order][:-1][same], face_ids[order][1:][same]], axis=1)
    return pairs[chance.permutation(len(pairs))[:most]]


def _non_mated(
    face_ids: NDArray[np.int64],
    subjects: NDArray[np.int64],
    most: int,
    chance: np.random.Generator,
) -> NDArray[np.int64]:
    """Return pairs of faces of two subjects, (n, 2), drawn with replacement."""
    if not len(face_ids):
        return np.empty((0, 2), np.int64)
    drawn = chance.integers(len(face_ids), size=(2 * most, 2))
    different = subjects[drawn[:, 0]] != subjects[drawn[:, 1]]
    pairs: NDArray[np.int64] = face_ids[drawn[different][:most]]
    return pairs


def _scores(gallery: Gallery, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    held = gallery.faces(np.unique(pairs))
    both = [(held[int(a)].vector, held[int(b)].vector) for a, b in pairs]
    return np.array([np.clip(float(a @ b), -1, 1) for a, b in both])


def _spread(scores: NDArray[np.float64]) -> ScoreDistribution:
    if not len(scores):
        return ScoreDistribution(0, (), float("nan"), float("nan"))
    quantiles = tuple(float(one) for one in np.quantile(scores, _QUANTILES))
    return ScoreDistribution(len(scores), quantiles, float(scores.mean()), float(scores.std()))


def _separation(mated: ScoreDistribution, non_mated: ScoreDistribution) -> float:
    deviation = np.sqrt((mated.deviation**2 + non_mated.deviation**2) / 2)
    return float((mated.mean - non_mated.mean) / deviation) if deviation > 0 else float("nan")


def _probes(old: Gallery, new: Gallery, face_ids: NDArray[np.int64], most: int) -> list[SavedProbe]:
    chosen = face_ids[:most]
    held, again = old.faces(chosen), new.faces(chosen)
    return [
        SavedProbe(
            held[face_id].subject.subject_id, held[face_id].vector, again[face_id].vector, face_id
        )
        for face_id in chosen.tolist()
    ]


def rank(gallery: Gallery, vector: NDArray[np.float32], probe: SavedProbe) -> int | None:
    """Return the rank of a probe's subject by its closest face; None beyond `DEPTH` faces."""
    _, face_ids = gallery.nearest(vector[None], min(DEPTH, max(1, len(gallery))))
    owners = gallery.owners(face_ids)[0]
    listed = [
        owner
        for owner, face_id in zip(owners, face_ids[0].tolist(), strict=True)
        if owner is not None and face_id != probe.face_id
    ]
    subjects = list(dict.fromkeys(listed))
    return 1 + subjects.index(probe.subject_id) if probe.subject_id in subjects else None


def _ranks(old: Sequence[int | None], new: Sequence[int | None]) -> Ranks:
    beyond = DEPTH + 1
    a = np.array([one or beyond for one in old], dtype=np.int64)
    b = np.array([one or beyond for one in new], dtype=np.int64)
    counted = (a == 1, b == 1, a <= LISTED, b <= LISTED, b < a, b == a, b > a)
    return Ranks(len(a), *(int(one.sum()) for one in counted))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value
