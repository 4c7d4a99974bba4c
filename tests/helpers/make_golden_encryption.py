"""Write an encrypted gallery, and the traces of an erasure under way; run once for each format.

    PYTHONPATH=tests/helpers python tests/helpers/make_golden_encryption.py FOLDER

`tests/gallery/test_golden_encryption.py` and `tests/casework/retention/test_golden_traces.py` open
what it wrote for ever.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gallery_builders import MODEL, VECTORS, enrolment

from matcher.casework.retention.traces import Traces, keep_traces
from matcher.encryption import GalleryKey, keys_of, seal
from matcher.gallery import Gallery

KEY = GalleryKey.of_text("a5" * 32)
"""Of a gallery of random numbers, and of nothing else."""

PROBE = b"bytes of a photo"
TRACES = Traces(
    kind="subject",
    name="subject-0001",
    tokens=("0123456789abcdef" * 2,),
    names=("subject-0001", "former name"),
    photos=("ab" * 32,),
    references=("photos/4.jpg",),
    faces=(5, 6),
    probes=(1,),
    leads=("17-3",),
    kept_probes=("cd" * 32,),
    texts=("region",),
    vectors=(VECTORS[4:6],),
)


def main() -> None:
    folder = Path(sys.argv[1])
    with Gallery.create(folder / "gallery", model=MODEL, key=KEY) as gallery:
        gallery.add([enrolment(number) for number in range(12)])
        found = gallery.nearest(VECTORS[:4], 3)[1].tolist()
        subjects = [one.subject_id for one in gallery.subjects()]
    keys = keys_of(folder / "gallery", KEY)
    assert keys is not None
    (folder / "probe.sealed").write_bytes(seal(PROBE, keys, "probe"))
    (folder / "casework").mkdir()
    keep_traces(folder / "casework", TRACES)
    facts = {"subjects": subjects, "nearest": found}
    (folder / "expected.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
