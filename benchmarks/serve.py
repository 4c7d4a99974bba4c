"""How long concurrent searches take through `matcher serve`, beside the library alone.

    python benchmarks/serve.py [--clients 200] [--people 40] [--workers 2] [--record NAME]

A server of its own process serves a governed gallery of rendered people on a free port. As many
clients as are asked for sign in, open a case each and upload a photo each; then all of them search
at once. A search ends for a client when its list is read. Beforehand and afterwards the library
does the same searches in the same number of threads as the server has workers, each recorded in the
log as well, with as many waiting. Times run from the moment at which all begin.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import httpx
from recording import Cell, Record

import matcher
from matcher.governance import ActivityLog, CaseContext
from matcher.serve import Accounts, StateFolder, grant_right
from matcher.synthetic import CohortSpec, write_cohort

PASSWORD = "correct horse battery staple"  # noqa: S105 - of this measurement
ADMIN = CaseContext(operator="admin-1", purpose="maintenance")
SEARCHING = CaseContext(
    operator="library",
    purpose="missing_child",
    case_id="measured",
    legal_basis="none",
    authorisation="none",
    authorised_until=date(2999, 12, 31),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make everything, search, record the times."""
    record = Record.begin(__file__, _parser(), arguments)
    options = record.options
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gallery, probes = made(folder, options.people)
        photos = [probes[number % len(probes)] for number in range(options.clients)]
        before = alone(gallery, photos, options.workers)
        searched, failed = asyncio.run(served(folder, gallery, photos, options.workers))
        after = alone(gallery, photos, options.workers)
        log = ActivityLog.of(gallery)
        records = sum(one.kind == "search" for one in log.records())
        verdict = log.verify()
    show(record, before, searched, after)
    counts: list[list[Cell]] = [
        ["searches", len(photos)],
        ["searches that failed", failed],
        ["searches in the log, with those of the library", records],
        ["faults in the log", "none" if verdict.ok else "there are"],
        ["people of the gallery", options.people],
        ["workers of the server, threads of the library", options.workers],
    ]
    record.table("searches", ("what", "count"), counts)
    record.write()
    if failed or not verdict.ok:
        raise SystemExit(1)


def made(folder: Path, people: int) -> tuple[Path, list[Path]]:
    """Enrol rendered people at 9; return the gallery, and photos of them at 12."""
    early = write_cohort(CohortSpec(people, ages=(9,), seed=11), folder / "early")
    late = write_cohort(CohortSpec(people, ages=(12,), seed=11), folder / "late")
    extractor = matcher.load_extractor()
    gallery = folder / "cases.gallery"
    with matcher.Gallery.create(
        gallery, model=extractor.model, governed=True, context=ADMIN
    ) as opened:
        matcher.enrol(opened, extractor, matcher.read_manifest(early).photos)
    return gallery, [photo.path for photo in matcher.read_manifest(late).photos]


def alone(gallery: Path, photos: Sequence[Path], workers: int) -> list[float]:
    """Search with the library; return the seconds from the beginning to each list."""
    with (
        matcher.Gallery.open(gallery, context=SEARCHING) as opened,
        matcher.load_extractor().decoding_apart(workers) as extractor,
        ThreadPoolExecutor(workers) as threads,
    ):
        matcher.Searcher(opened, extractor).search(photos[0])  # what is loaded at first use
        began = time.perf_counter()

        def search(photo: Path) -> float:
            matcher.Searcher(opened, extractor).search(photo)
            return time.perf_counter() - began

        return list(threads.map(search, photos))


async def served(
    folder: Path, gallery: Path, photos: Sequence[Path], workers: int
) -> tuple[list[float], int]:
    """Search through a server; return the seconds of each client, and how many failed."""
    state = folder / "state"
    accounts = Accounts(StateFolder.of(state))
    accounts.add("olga", "operator", PASSWORD)
    grant_right(accounts, "olga", gallery, ADMIN)
    words = ["-m", "matcher", "serve", str(gallery), "--state", str(state), "--port", "0"]
    words += ["--workers", str(workers)]
    with subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None  # noqa: S101 - it was asked for
        address = next(
            found[1] for line in server.stderr if (found := re.search(r"(http://\S+)", line))
        )
        try:
            return await clients(address, ActivityLog.of(gallery).gallery_id[:12], photos)
        finally:
            server.terminate()


async def clients(address: str, gallery: str, photos: Sequence[Path]) -> tuple[list[float], int]:
    """Prepare a client for each photo, one after the other; let all search at once."""
    ready = [await Client(address).prepared(gallery, photo) for photo in photos]
    began = time.perf_counter()
    found = await asyncio.gather(*(client.search(began) for client in ready))
    for client in ready:
        await client.close()
    return [seconds for seconds in found if seconds is not None], found.count(None)


class Client:
    """One browser."""

    def __init__(self, address: str) -> None:
        self._http = httpx.AsyncClient(base_url=address, timeout=600)
        self._csrf = self._probe = ""

    async def prepared(self, gallery: str, photo: Path) -> Client:
        """Sign in, open a case, upload a photo."""
        await self._page("/sign-in")
        await self._send("/sign-in", name="olga", password=PASSWORD)
        await self._page("/cases")
        given = {"purpose": "missing_child", "legal_basis": "none", "authorisation": "none"}
        until = {"authorised_until": "2999-12-31", "case_id": "measured", "gallery": gallery}
        case = (await self._send("/cases", **given, **until)).headers["location"]
        files = {"photos": ("photo.png", photo.read_bytes(), "image/png")}
        data = {"csrf": self._csrf}
        answer = await self._http.post(f"{case}/probes", data=data, files=files)
        self._probe = answer.headers["location"]
        return self

    async def search(self, began: float) -> float | None:
        """Search; return the seconds until the list was read, None if there is none."""
        answer = await self._send(f"{self._probe}/search", face="1", top="20")
        if answer.status_code != 303:
            return None
        answer = await self._http.get(answer.headers["location"])
        return time.perf_counter() - began if answer.status_code == 200 else None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _page(self, path: str) -> None:
        text = (await self._http.get(path)).text
        found = re.search(r'name="csrf" value="([^"]+)"', text)
        self._csrf = found[1] if found else self._csrf

    async def _send(self, path: str, **fields: str) -> httpx.Response:
        return await self._http.post(path, data={"csrf": self._csrf, **fields})


def at(times: Sequence[float], share: int) -> float:
    """Return the time below which a share of sorted times lies, in percent."""
    return times[min(len(times) - 1, round(share / 100 * (len(times) - 1)))]


def show(
    record: Record, before: Sequence[float], searched: Sequence[float], after: Sequence[float]
) -> None:
    """Add how long the searches took."""
    rows = [
        ("the library alone, before", *_times(before)),
        ("through the server", *_times(searched)),
        ("the library alone, after", *_times(after)),
    ]
    both = sorted([*before, *after])
    half, most = (f"{at(sorted(searched), share) / at(both, share):.2f}" for share in (50, 99))
    rows.append(("ratio of the server to both runs of the library", half, most, "", ""))
    columns = ("half done after", "99 % done after", "last done after", "searches a second")
    record.table("times", ("searched at once", *columns), rows)


def _times(times: Sequence[float]) -> tuple[str, str, str, str]:
    ordered = sorted(times)
    shown = (at(ordered, 50), at(ordered, 99), ordered[-1])
    half, most, last = (f"{seconds:.1f} s" for seconds in shown)
    return half, most, last, f"{len(times) / ordered[-1]:.2f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    return parser


if __name__ == "__main__":
    main()
