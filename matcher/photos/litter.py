"""Names of what systems, network drives and programs put beside photos; none of it is a photo.

Sources: Apple's and Microsoft's file systems, Synology DSM (`@eaDir`, `#recycle`, `#snapshot`),
QNAP QTS (`.@__thumb`, `@Recycle`, `@Recently-Snapshot`), freedesktop.org's thumbnails and trash.
`fairness.cohort` has the same list, for it knows nothing of this package.
"""

from __future__ import annotations

from typing import Final

LITTER: Final = frozenset(
    {
        "@eadir",
        "@recycle",
        "@recently-snapshot",
        "@tmp",
        "#recycle",
        "#snapshot",
        "__macosx",
        "$recycle.bin",
        "recycler",
        "recycled",
        "system volume information",
        "lost+found",
        "found.000",
        "network trash folder",
        "temporary items",
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "picasa.ini",
        "icon\r",
    }
)
"""Names of files and folders in lower case. Names that begin with a point are hidden instead."""

LITTER_STARTS: Final = ("~$", "._", "synophoto_thumb_", "synofile_thumb_")
"""Beginnings of such names: Office's locks, Apple's halves of files, Synology's thumbnails."""


def is_litter(name: str) -> bool:
    """Tell whether a file or folder of this name belongs to a system or a network drive."""
    plain = name.lower()
    return plain in LITTER or plain.startswith(LITTER_STARTS)
