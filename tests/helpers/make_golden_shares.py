"""Write the files of a shared job for the tests to open for ever.

    PYTHONPATH=tests/helpers python tests/helpers/make_golden_shares.py tests/golden/shares-1

Run it only with the code that first writes a format. A folder that is there is never made again.
All pictures are random colours, and the model is a made-up one.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from job_builders import NEW, SETTINGS, add, listed

from matcher.gallery import Gallery
from matcher.jobs import JobSettings, Share, run_share, share_out
from matcher.testing import FakeEmbedder

PHOTOS, OF = 10, 2
PLANNED: JobSettings = replace(SETTINGS, batch=4)


def write(folder: Path) -> None:
    """Deal ten photos into two shares; do the first one, and mark a batch of it as stored."""
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)  # so that the photos have names that no machine changes
        Gallery.create("gallery", model=FakeEmbedder(16).identity).close()
        add(Path("gallery"), listed(Path("photos"), range(PHOTOS)))
        share_out("gallery", folder, NEW, of=OF, settings=PLANNED)
        run_share(folder, Share(1, OF), NEW, settings=PLANNED)
        with Gallery.open("gallery") as gallery:
            faces = gallery.faces(range(1, PHOTOS + 1))
    (results,) = folder.glob("shards-*/results")
    (results / "0001-00000000.shard").rename(results / "0001-00000000.done")
    (results / "0001-00000000.done").write_bytes(b"")
    (results / "0001.lock").unlink()
    expected = {
        "photos": [6, 4],
        "tasks": {
            str(face_id): [face.photo.sha256, face.photo.reference, list(map(float, face.box))]
            for face_id, face in faces.items()
        },
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]).absolute())
