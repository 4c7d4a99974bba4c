"""Group a folder of tiles, for the test that kills it.

python killed_group.py FOLDER STATE
"""

from __future__ import annotations

import sys
from pathlib import Path

from tiled_people import grouped

if __name__ == "__main__":
    folder, state = map(Path, sys.argv[1:])
    grouped(
        folder,
        state=state,
        on_progress=lambda *step: print(*step, flush=True),  # noqa: T201 - read by the test
    )
