"""`matcher frames`: the faces of a video."""

from matcher.cli.video.following import frames

__all__ = ["frames"]
