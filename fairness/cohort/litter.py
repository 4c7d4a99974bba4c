"""Names of what systems, network drives and programs put beside photos; none of it is a photo.

`matcher.photos` has the same list: neither package may depend on the other. A test compares them.
"""

from __future__ import annotations

from pathlib import PurePath
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


def is_in_litter(path: PurePath) -> bool:
    """Tell whether a path within a cohort is hidden or a system's, or lies in such a folder."""
    return any(
        name.startswith(".") or name in LITTER or name.startswith(LITTER_STARTS)
        for name in map(str.lower, path.parts)
    )
