"""Write a file of groups of this version's format; run once for each version of the format.

    PYTHONPATH=tests/helpers python tests/helpers/make_golden_groups.py tests/golden/groups-1

Like `make_golden.py`, it never makes an existing folder again.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from tiled_people import grouped, write

from matcher.grouping import GroupFile


def main() -> None:
    """Group made people, correct the groups, and write what the file holds."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    with TemporaryDirectory() as place:
        photos = Path(place) / "photos"
        for person in (1, 2, 3):
            for picture in range(3):
                write(photos / f"{person}-{picture}.png", (person, picture))
        write(photos / "both.jpg", (1, 8), (2, 8), quality=90)
        write(photos / "1-0 again.jpg", (1, 0), quality=70)
        write(photos / "once.png", (4, 0))
        (photos / "broken.png").write_bytes(b"no picture")
        state = folder / "photos.groups"
        grouped(photos, state=state, dates={photos / "1-0.png": date(2020, 2, 3)})
    with GroupFile.open(state) as file:
        first, second, third = file.grouping().groups
        file.merge([first.number, third.number])
        file.take_out([second.faces[-1].face_id])
        file.undo()
        (folder / "expected.json").write_text(file.grouping().to_json() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
