"""Write a gallery with a watch list; run once for each version of its formats.

    PYTHONPATH=tests/helpers python tests/helpers/make_watch_golden.py FOLDER

The tests open what stands under `watch-list-*` for ever. An existing folder is never made again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import made_calibration
import numpy as np
from made_sides import MODEL, face, photo_of

from matcher import open_watch_list, run_watch_list, set_watch_list
from matcher.gallery import Gallery
from matcher.watching import ToCommand

RECEIVER = ToCommand(("notify", "--urgent"), seconds=12.5)
SHARE = 0.2


def main() -> None:
    """Make the folder."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    generator = np.random.default_rng(1)
    record = made_calibration.write(folder / "calibration.json", MODEL)
    with Gallery.create(folder / "gallery", model=MODEL) as gallery:
        set_watch_list(gallery, max_fpir=SHARE, calibration=record)
        record.unlink()
        with open_watch_list(gallery) as probes:
            for person in range(3):
                sought = face(f"sought {person}", 0, photo_of(person, generator), age_at_capture=7)
                probes.add([sought])
        gallery.add([face("found 0", 0, photo_of(0, generator))])
        received = run_watch_list(gallery, receive=lambda _: None).received
        for person in (1, 2, 3):
            gallery.add([face(f"found {person}", 0, photo_of(person, generator))])
        waiting = run_watch_list(gallery).waiting
    expected = {
        name: {one.pair.second.subject.subject_id: one.lead_id for one in leads}
        for name, leads in (("received", received), ("waiting", waiting))
    }
    settings = folder / "gallery" / "watch" / "watch.json"
    facts = json.loads(settings.read_text())
    facts["receiver"] = {"kind": "command", "words": list(RECEIVER.words), "seconds": 12.5}
    settings.write_text(json.dumps(facts))
    (folder / "watch-list.expected.json").write_text(json.dumps(expected))
    for lock in folder.rglob("*.lock"):
        lock.unlink()


if __name__ == "__main__":
    main()
