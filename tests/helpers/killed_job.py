"""A job that runs until it is killed; run by the tests of crashes.

    python killed_job.py GALLERY JOURNAL

Before each commit it notes in the journal which faces it is about to commit.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from job_builders import NEW, SETTINGS

from matcher.jobs.reindexing import reindex
from matcher.jobs.shadow import Shadow


def main() -> None:
    gallery, journal = sys.argv[1], Path(sys.argv[2])
    commit = Shadow.commit

    def noted(shadow, results):
        with journal.open("a", encoding="ascii") as file:
            file.write(" ".join(str(result.face_id) for result in results) + "\n")
        commit(shadow, results)

    Shadow.commit = noted
    reindex(gallery, NEW, settings=replace(SETTINGS, batch=4))


if __name__ == "__main__":
    main()
