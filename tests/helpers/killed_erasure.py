"""Erase a subject, and be killed at one moment; run by a test.

    python killed_erasure.py GALLERY SUBJECT MOMENT

Python tells of each file that is opened, renamed or removed. The process kills itself before the
one of that number. Without reaching it, it ends by itself.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from typing import Any

from made_erasure import KEEPER

from matcher.casework import erase_subject
from matcher.gallery import Gallery

_EVENTS = ("open", "os.rename", "os.remove", "sqlite3.connect")


def main() -> None:
    path, subject, moment = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seen = count(1)
    armed = False

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if armed and event in _EVENTS and path in str(arguments[0]) and next(seen) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hear)
    with Gallery.open(path, context=KEEPER) as gallery:
        armed = True
        erase_subject(gallery, subject)
        armed = False


if __name__ == "__main__":
    main()
