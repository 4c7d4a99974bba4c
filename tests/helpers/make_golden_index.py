"""Write the index files of this version; run once for each version of their format.

PYTHONPATH=tests/helpers python tests/helpers/make_golden_index.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from matcher.embedding import ModelIdentity
from matcher.gallery.index import INDEX_NAME, new_index, write_index
from matcher.testing import clustered_unit_vectors

MODEL = ModelIdentity("of-the-golden-index", "1", "0" * 64, "1" * 64, 16)


def main(folder: Path) -> None:
    """Write one file for each kind, and what a search finds in both."""
    folder.mkdir()
    vectors = clustered_unit_vectors(300, 4, 16, seed=6)
    for kind in ("exact", "coded"):
        index = new_index(kind, 16)
        index.add(np.arange(1200) * 3, vectors)
        write_index(folder, index, MODEL, 7, "a stamp")
        (folder / INDEX_NAME).rename(folder / f"{kind}.bin")
    queries = vectors[[5, 600]]
    scores, ids = index.search(queries, 5)
    wanted = {"face_ids": ids.tolist(), "scores": scores.tolist()}
    text = json.dumps({"queries": queries.tolist(), "nearest": wanted}, indent=1)
    (folder / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
