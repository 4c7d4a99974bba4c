"""Write a governed gallery with its log; run once for each version of a format.

PYTHONPATH=tests/helpers python tests/helpers/make_golden_casework.py FOLDER
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from gallery_builders import VECTORS, enrolment
from governed import CONTEXT, UPKEEP, governed_gallery

from matcher.errors import NotAuthorisedError
from matcher.gallery import Gallery
from matcher.governance import ActivityLog, append_anchor, resolved


def main(folder: Path) -> None:
    """Write the gallery, an anchor, and what the log says."""
    folder.mkdir()
    path = governed_gallery(folder / "gallery", 12)
    with Gallery.open(path, context=CONTEXT) as gallery:
        gallery.nearest(VECTORS[:2], 3)
        gallery.hide(["subject-0001"], because="the investigator")
        gallery.rename_subject("subject-0002", "renamed")
        gallery.remove_subject("subject-0000")
        gallery.add([enrolment(20)])
    with Gallery.open(path, context=UPKEEP) as gallery, suppress(NotAuthorisedError):
        gallery.nearest(VECTORS[:1], 1)
    log = ActivityLog.of(path)
    append_anchor(folder / "anchors", log.head())
    (path / "casework" / "log.lock").unlink(missing_ok=True)
    records = list(resolved(log, log.records()))
    (folder / "expected.json").write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
