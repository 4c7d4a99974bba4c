"""Which picture of a file is read, when the file holds several."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from matcher.errors import InputError


def require_page(page: int, total: int, path: Path | None) -> None:
    """Refuse the number of a picture that the file does not hold."""
    if not 1 <= page <= total:
        raise InputError(
            "the page",
            rule="must be the number of a picture in the file, from 1",
            got=f"{page}, in a file of {total} picture" + ("s" if total > 1 else ""),
            next_step="Choose one of these numbers, or leave the page out.",
            path=path,
        )


def select_frame(image: Image.Image, page: int | None, path: Path | None) -> str | None:
    """Make `page`, or else the picture that the format itself puts first, the current one.

    The first picture of a GIF, a PNG, a WebP, an AVIF or an MPO is the one that a viewer without
    animation shows. HEIF names its primary picture.

    Returns
    -------
    str or None
        A note if the file holds several pictures.

    Raises
    ------
    InputError
        The file has no such picture.
    """
    total: int = getattr(image, "n_frames", 1)
    if page is None:
        return page_note(image.tell() + 1, total) if total > 1 else None
    require_page(page, total, path)
    image.seek(page - 1)
    return page_note(page, total, ", as asked") if total > 1 else None


def frame_note(image: Image.Image) -> str | None:
    """Return the note on an image that somebody opened, if its file holds several pictures."""
    try:
        return select_frame(image, None, None)
    except Exception:  # noqa: BLE001 - the file may be closed, or damaged after this picture
        return None


def page_note(page: int, total: int, why: str = "") -> str:
    """Return the note on one of several pictures."""
    return f"picture {page} of {total} in the file{why}"
