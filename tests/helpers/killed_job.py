"""A job that runs until it is killed; run by the tests of crashes.

    python killed_job.py GALLERY JOURNAL MOST

Before each commit it notes in the journal which faces it is about to commit. It commits that many
batches, and then waits for its end: so it is never done, however late the signal comes.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from job_builders import NEW, SETTINGS

from matcher.jobs.reindexing import reindex
from matcher.jobs.shadow import Shadow


def main() -> None:
    gallery, journal, left = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    commit = Shadow.commit

    def noted(shadow, results):
        nonlocal left
        while left == 0:
            time.sleep(600)
        left -= 1
        with journal.open("a", encoding="ascii") as file:
            file.write(" ".join(str(result.face_id) for result in results) + "\n")
        commit(shadow, results)

    Shadow.commit = noted
    reindex(gallery, NEW, settings=replace(SETTINGS, batch=4))


if __name__ == "__main__":
    main()
