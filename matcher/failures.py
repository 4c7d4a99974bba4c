"""Turn whatever other code raises on a photo into one typed error of that photo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matcher.errors import MatcherError, PhotoFailureError


@contextmanager
def as_photo_errors(doing: str, path: Path | None) -> Iterator[None]:
    """Raise every exception of the block as an error of the photo.

    Errors of this library pass as they are. So does what is no `Exception`: `KeyboardInterrupt`,
    `SystemExit`.

    Parameters
    ----------
    doing
        What the block does, such as "decoding".
    path
        The file of the photo; None if there is none.

    Raises
    ------
    PhotoFailureError
        For an exception of other code. `got` names its type; the exception is the `__cause__`.
    """
    try:
        yield
    except MatcherError:
        raise
    except Exception as error:
        name, text = type(error).__name__, str(error)
        raise PhotoFailureError(
            "the photo",
            rule=f"must not make {doing} fail",
            got=f"{name}: {text}" if text else name,
            next_step="Open it in an image viewer and save it as PNG, or fetch the file again.",
            path=path,
        ) from error
