"""Take very many spoilt photos through upload, enrolment and search; count what may never happen.

    python benchmarks/hostile_uploads.py [--count 100000] [--seed 0] [--out FILE]

The photos are those of `hostile_photos.py`. A block of them is enrolled in a governed gallery of
its own, searched for one by one, and uploaded one by one to a server of its own, which shows the
faces of each. All photos are decoded in processes that may die. The model and the detector are
those of `matcher.testing`, which need no weights: what is tried is all except these two. Counted
are errors that are not the library's own, answers of the server from 500 on, anything that takes
longer than `--limit` seconds, photos without an outcome, faces that are in the gallery without an
outcome or the other way round, and faults that `verify` finds in the gallery or its log. With
`--out` a run goes on where an earlier one with the same seed stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import httpx
from photo_mutations import mutated, seeds
from recording import Record

from matcher import CaseContext, Gallery, PhotoOfSubject, Searcher, Subject, enrol
from matcher.embedding import Extractor
from matcher.enrolment import EnrolmentOutcome
from matcher.errors import MatcherError
from matcher.faces import POLICIES
from matcher.governance import ActivityLog
from matcher.photos import DecodeLimits
from matcher.serve import Accounts, ServeSettings, StateFolder, create_app, grant_right
from matcher.testing import FakeDetector, FakeEmbedder

BLOCK: Final = 1000
LIMITS: Final = DecodeLimits(max_pixels=4_000_000)
EXTRACTOR: Final = Extractor(FakeDetector(), FakeEmbedder(16), limits=LIMITS)
PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of this measurement
ADMIN: Final = CaseContext(operator="admin-1", purpose="maintenance")
CASE: Final = {
    "case_id": "spoilt",
    "purpose": "missing_child",
    "legal_basis": "none",
    "authorisation": "none",
    "authorised_until": "2999-12-31",
}
SEARCHING: Final = CaseContext(
    operator="library",
    purpose="missing_child",
    case_id="spoilt",
    legal_basis="none",
    authorisation="none",
    authorised_until=date(2999, 12, 31),
)
BAD: Final = {
    "untyped": "error that is not the library's own",
    "over time": "step that takes longer than the limit",
    "answer from 500 on": "answer of the server from 500 on",
    "no outcome": "photo without an outcome",
    "partial": "face in the gallery without an outcome, or the other way round",
    "fault": "fault of the gallery or of its log",
}
"""What may never happen, and how the table says it."""


class Tally:
    """Counts what became of the photos, and keeps examples of what may never happen."""

    def __init__(self, counts: dict[str, int], examples: list[str], limit: float) -> None:
        self.counts, self.examples = Counter(counts), examples
        self._limit = limit

    def bad(self, kind: str, what: str) -> None:
        """Count something that may never happen."""
        self.counts[kind] += 1
        self.examples[:] = [*self.examples, f"{kind}: {what}"][-100:]

    @contextmanager
    def watched(self, what: str) -> Iterator[None]:
        """Count an error of the block that is not the library's own, and too long a time."""
        began = time.perf_counter()
        try:
            yield
        except MatcherError as error:
            self.counts[f"{what}: {error.code}"] += 1
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            self.bad("untyped", f"{what}: {error!r}")
        if time.perf_counter() - began > self._limit:
            self.bad("over time", f"{what}: {time.perf_counter() - began:.1f} s")


def take_block(folder: Path, paths: Sequence[Path], tally: Tally) -> None:
    """Take the photos of a block through enrolment, search and upload, and check the gallery."""
    gallery = folder / "spoilt.gallery"
    with Gallery.create(gallery, model=EXTRACTOR.model, governed=True, context=ADMIN) as made:
        enrol_block(made, paths, tally)
    with (
        Gallery.open(gallery, context=SEARCHING) as opened,
        EXTRACTOR.decoding_apart(1) as apart,
    ):
        searcher = Searcher(opened, apart, policy=POLICIES["off"])
        for path in paths:
            with tally.watched("search"):
                tally.counts[f"search: {searcher.search(path).outcome}"] += 1
    asyncio.run(upload_block(folder / "state", gallery, paths, tally))
    with Gallery.open(gallery) as opened:
        faults = (*opened.verify().faults, *map(str, opened.verify_log().faults))
    for fault in faults:
        tally.bad("fault", fault)


def enrol_block(gallery: Gallery, paths: Sequence[Path], tally: Tally) -> None:
    """Enrol the photos, each as a subject; compare the outcomes with what the gallery holds."""
    photos = [PhotoOfSubject(path, Subject(path.stem)) for path in paths]
    with EXTRACTOR.decoding_apart(1) as apart:
        outcomes: list[EnrolmentOutcome] = []
        for photo in photos:
            with tally.watched("enrolment"):
                outcomes += enrol(gallery, apart, [photo], policy=POLICIES["off"])
    tally.counts.update(f"enrolment: {one.status}" for one in outcomes)
    for _ in range(len(photos) - len(outcomes)):
        tally.bad("no outcome", "enrolment")
    enrolled = {one.photo.subject.subject_id for one in outcomes if one.status == "enrolled"}
    held = {subject for subject, photos in gallery.photo_counts().items() if photos}
    for name in enrolled ^ held:
        tally.bad("partial", name)


async def upload_block(state: Path, gallery: Path, paths: Sequence[Path], tally: Tally) -> None:
    """Upload the photos to a server without a socket, and look at the page of each."""
    accounts = Accounts(StateFolder.of(state))
    accounts.add("olga", "operator", PASSWORD)
    grant_right(accounts, "olga", gallery, ADMIN)
    settings = ServeSettings(galleries={"Spoilt": gallery}, state=state, policy="off")
    app = create_app(settings, load=lambda _, __: EXTRACTOR)
    async with app.lifespan():
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
        browser = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        csrf = await token(browser, "/sign-in")
        await browser.post("/sign-in", data={"csrf": csrf, "name": "olga", "password": PASSWORD})
        csrf = await token(browser, "/cases")
        key = ActivityLog.of(gallery).gallery_id[:12]
        answer = await browser.post("/cases", data={"csrf": csrf, "gallery": key, **CASE})
        case = answer.headers["location"]
        for path in paths:
            with tally.watched("upload"):
                await upload(browser, f"{case}/probes", csrf, path, tally)
        await browser.aclose()


async def upload(
    browser: httpx.AsyncClient, address: str, csrf: str, path: Path, tally: Tally
) -> None:
    """Upload one photo, look at its page, and discard it."""
    files = {"photos": (path.name, path.read_bytes(), "image/jpeg")}
    answer = await browser.post(address, data={"csrf": csrf}, files=files)
    tally.counts[f"upload: {answer.status_code}"] += 1
    answers = [answer.status_code]
    if answer.status_code == 303:
        page = answer.headers["location"]
        answers.append((await browser.get(page)).status_code)
        answers.append((await browser.post(f"{page}/discard", data={"csrf": csrf})).status_code)
    for status in answers:
        if status >= 500:
            tally.bad("answer from 500 on", f"{path.name}: {status}")


async def token(browser: httpx.AsyncClient, page: str) -> str:
    """Return what a form of a page has to send."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get(page)).text)
    if found is None:
        raise SystemExit(f"The page {page} has no form.")
    return found[1]


def run(count: int, seed: int, limit: float, out: Path | None) -> dict[str, Any]:
    """Take the photos through block by block; return how many, the counts, and examples."""
    done, tally = 0, Tally({}, [], limit)
    if out is not None and out.exists():
        earlier = json.loads(out.read_text())
        if earlier["seed"] != seed:
            raise SystemExit(f"{out} is of seed {earlier['seed']}; name another file.")
        done, tally = earlier["done"], Tally(earlier["counts"], earlier["examples"], limit)
    photos = seeds()
    while done < count:
        numbers = range(done, min(done + BLOCK, count))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            paths = [folder / f"{number}.jpg" for number in numbers]
            for number, path in zip(numbers, paths, strict=True):
                path.write_bytes(mutated(photos, seed, number)[1])
            take_block(folder, paths, tally)
        done += len(numbers)
        if out is not None:
            out.write_text(json.dumps(_state(seed, done, tally), indent=1))
    return _state(seed, done, tally)


def _state(seed: int, done: int, tally: Tally) -> dict[str, Any]:
    counts = dict(sorted(tally.counts.items()))
    return {"seed": seed, "done": done, "counts": counts, "examples": tally.examples}


def tables(record: Record, state: dict[str, Any], limit: float) -> None:
    """Print and keep what became of the photos, and how often what may never happen did."""
    counts = dict(state["counts"])
    never = [(said, counts.pop(kind, 0)) for kind, said in BAD.items()]
    record.table(
        "photos",
        ("photos", "seed", "limit of a step"),
        [(state["done"], state["seed"], f"{limit:g} s")],
    )
    outcomes = [(*name.split(": ", 1), number) for name, number in counts.items()]
    record.table("outcomes", ("step", "outcome", "photos"), outcomes)
    record.table("what may never happen", ("what", "times"), never)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=10.0, help="longest time of a step")
    parser.add_argument("--out", type=Path, help="JSON file of what was done so far")
    record = Record.begin(__file__, parser)
    options = record.options
    state = run(options.count, options.seed, options.limit, options.out)
    tables(record, state, options.limit)
    record.write()
    print(json.dumps(state["examples"], indent=1), file=sys.stderr)
    raise SystemExit(any(state["counts"].get(kind) for kind in BAD))


if __name__ == "__main__":
    main()
