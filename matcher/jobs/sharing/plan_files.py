"""Files that tell each process of a shared job what to do, without a look at the gallery.

They lie in a folder for one deal of the photos, `shards-…`: `tasks/plan.tasks` holds what all
shares have in common, `tasks/0003.tasks` the tasks of share 3. The plan is written last, so that
nobody works by half a plan. `results/` takes the results. If the gallery is encrypted, a copy of
its key file lies there too, and all files are sealed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self, get_args

import numpy as np

from matcher._version import __version__
from matcher.arguments import expect_number
from matcher.embedding import Extractor, ModelIdentity
from matcher.encryption import Purpose
from matcher.errors import InputError, JobError
from matcher.gallery.shard_folders import PREFIX
from matcher.jobs.executors.shards import DAMAGE, packed, read_checked, write_checked
from matcher.jobs.settings import JobSettings
from matcher.jobs.tasks import ReindexTask, Status
from matcher.paths import to_reference
from matcher.strict_reading import list_of, number_of, object_of, text_of, whole_of

TASKS: Final = "tasks"
RESULTS: Final = "results"
MOST_SHARES: Final = 9999

_FORMAT: Final = 1
_PLAN: Final = "plan.tasks"
_PURPOSE: Final[Purpose] = "tasks of a job"
_AGAIN: Final = "Deal the photos again: matcher reindex share GALLERY FOLDER."


@dataclass(frozen=True)
class Share:
    """One of the shares into which the photos of a job are dealt.

    Parameters
    ----------
    number
        Which one, in [1, of].
    of
        Number of shares, in [1, 9999].

    Raises
    ------
    InputError
        A number is out of its range.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        for name, given, most in (("of", self.of, MOST_SHARES), ("number", self.number, self.of)):
            expect_number(f"{name} of a share", given, whole=True)
            if not 1 <= given <= most:
                raise InputError(
                    f"{name} of a share",
                    rule=f"must be from 1 to {most}",
                    got=given,
                    next_step="Shares are counted from 1: 1/16 is the first of 16, 16/16 the last.",
                )

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Return the share that a text such as "3/16" names.

        Raises
        ------
        InputError
            It names none.
        """
        number, slash, of = text.partition("/")
        if not (slash and _is_count(number) and _is_count(of)):
            raise InputError(
                "share",
                rule="must be its number and the number of shares, as in 3/16",
                got=repr(text[:40]),
                next_step="Give each process another number, from 1 on.",
            )
        return cls(int(number), int(of))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SHARES))


@dataclass(frozen=True)
class SharedPlan:
    """What all shares of a deal have in common.

    Parameters
    ----------
    model, detector, precision
        Those of the extractor with which the photos were dealt.
    settings
        The settings on which results depend, see `facts_of`.
    again
        Outcomes whose tasks were tried again, see `Shadow.tasks`.
    photos
        Number of photos of each share.
    version
        Version of the library.
    """

    model: ModelIdentity
    detector: str | None
    precision: str
    settings: Mapping[str, Any]
    again: tuple[Status, ...]
    photos: tuple[int, ...]
    version: str = __version__

    @property
    def batch(self) -> int:
        """Photos in one file of results. Each share has one smaller batch at most."""
        return int(self.settings["batch"])

    def batches(self, number: int) -> int:
        """Return the number of batches of a share."""
        return -(-self.photos[number - 1] // self.batch)


def facts_of(settings: JobSettings) -> dict[str, Any]:
    """Return the settings on which results depend, as a plan holds them."""
    decoding = settings.decoding
    return {
        "batch": settings.batch,
        "seconds": decoding.longest,
        "waiting_bytes": decoding.waiting_bytes,
        "limits": asdict(decoding.limits),
        "salvage": decoding.salvage,
        "moved": [[to_reference(old), to_reference(new)] for old, new in settings.moved],
        "take_changed": settings.take_changed,
    }


def plan_for(extractor: Extractor, settings: JobSettings, photos: Sequence[int]) -> SharedPlan:
    """Return the plan for shares of so many photos each."""
    return SharedPlan(
        extractor.model,
        extractor.detector,
        extractor.precision,
        facts_of(settings),
        settings.again,
        tuple(photos),
    )


def text_of_batch(batch: Sequence[ReindexTask]) -> str:
    """Return the tasks of a batch as a file holds them; it takes less memory than they do."""
    return json.dumps([[t.face_id, t.sha256, t.reference, *t.box] for t in batch])


def write_tasks(folder: Path, number: int, batches: Sequence[str]) -> None:
    """Write the tasks of a share; raise FileNotFoundError if the folder was dropped meanwhile."""
    _write(folder / TASKS / f"{number:04d}.tasks", f"[{','.join(batches)}]")


def write_plan(folder: Path, plan: SharedPlan) -> None:
    """Write the plan, after all tasks."""
    facts = {name: getattr(plan, name) for name in SharedPlan.__dataclass_fields__}
    whole = {"format": _FORMAT, **facts, "model": plan.model.facts()}
    _write(folder / TASKS / _PLAN, json.dumps(whole))


def _write(file: Path, text: str) -> None:
    nothing = np.zeros((0, 0), np.float32)
    write_checked(file, packed(text.encode("ascii"), nothing), _PURPOSE)


def find_folder(place: Path) -> Path:
    """Return the folder of the deal that lies at a place.

    Raises
    ------
    JobError
        There is none, or there are several.
    """
    found = sorted(place.glob(f"{PREFIX}*"))
    if len(found) == 1:
        return found[0]
    raise JobError(
        "folder for shares of a job",
        rule="must hold the photos that were dealt for one job",
        got=f"those of {len(found)} jobs" if found else "none; it may have been merged or dropped",
        next_step=_AGAIN,
        path=place,
    )


def read_plan(folder: Path) -> SharedPlan:
    """Return the plan of a folder.

    Raises
    ------
    JobError
        It is missing, damaged, or of a newer version.
    GalleryKeyError, MissingExtraError
        The gallery is encrypted and the key is not known here.
    """
    try:
        facts = object_of(_read(folder / TASKS / _PLAN))
        if (version := whole_of(facts.pop("format"))) != _FORMAT:
            raise ValueError(f"format {version}")
        plan = SharedPlan(
            ModelIdentity.of(object_of(facts.pop("model"))),
            None if facts["detector"] is None else text_of(facts["detector"]),
            text_of(facts["precision"]),
            object_of(facts["settings"]),
            tuple(_status(one) for one in list_of(facts["again"])),
            tuple(whole_of(count) for count in list_of(facts["photos"])),
            text_of(facts["version"]),
        )
        whole_of(plan.settings["batch"], 1)
        whole_of(len(plan.photos), 1, MOST_SHARES)
    except DAMAGE as error:
        raise _unreadable("plan of a shared job", error, folder) from error
    return plan


def read_tasks(folder: Path, number: int, plan: SharedPlan) -> list[list[ReindexTask]]:
    """Return the tasks of a share, in batches.

    Raises
    ------
    JobError
        They are missing, damaged, or not those of the plan.
    """
    try:
        batches = [
            [_task(list_of(row)) for row in list_of(batch)]
            for batch in list_of(_read(folder / TASKS / f"{number:04d}.tasks"))
        ]
        sizes = [len(batch) for batch in batches]
        if sum(sizes) != plan.photos[number - 1] or any(size != plan.batch for size in sizes[:-1]):
            raise ValueError("not as many photos as the plan says")
    except DAMAGE as error:
        raise _unreadable(f"tasks of share {number}", error, folder) from error
    return batches


def _read(file: Path) -> Any:
    return json.loads(read_checked(file, _PURPOSE)[0])


def _status(value: object) -> Status:
    if value not in get_args(Status):
        raise ValueError("an outcome that no job has")
    return value  # type: ignore[return-value]


def _task(row: list[Any]) -> ReindexTask:
    face_id, sha256, reference, *sides = row
    left, top, right, bottom = map(number_of, sides)
    box = (left, top, right, bottom)
    return ReindexTask(whole_of(face_id), text_of(sha256), text_of(reference), box)


def _unreadable(what: str, error: Exception, folder: Path) -> JobError:
    gone = isinstance(error, FileNotFoundError)
    return JobError(
        what,
        rule="must be there and whole",
        got="none; it is not written yet, or was dropped" if gone else error,
        next_step=_AGAIN,
        path=folder,
    )


def dropped_error(folder: Path) -> JobError:
    """Return the error for a folder that was deleted while somebody worked by it."""
    return JobError(
        "folder for shares of a job",
        rule="must stay while shares are worked on",
        got="none: a face was removed from the gallery meanwhile, or the job was merged, dealt "
        "again or discarded",
        next_step=f"See with `matcher reindex merge GALLERY` what is left. {_AGAIN}",
        path=folder,
    )
