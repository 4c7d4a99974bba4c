"""A job on a cluster that runs until it is killed; run by the tests of the Ray executor.

    python ray_driver.py GALLERY ADDRESS JOURNAL

It is slow to commit, so that results wait in files when it is killed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from job_builders import NEW, SETTINGS
from ray_cluster import loading

from matcher.jobs import RayExecutor, reindex
from matcher.jobs.shadow import Shadow


def main() -> None:
    gallery, address, journal = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    commit = Shadow.commit

    def slowly(shadow, results):
        commit(shadow, results)
        time.sleep(0.5)

    Shadow.commit = slowly
    executor = RayExecutor(address, loading(journal, 0.02), actors=2, shard=8)
    reindex(gallery, NEW, settings=SETTINGS, executor=executor)


if __name__ == "__main__":
    main()
