"""The application with all its sub-commands; importing a module adds its command."""

from matcher.cli import (
    adapt,
    audit,
    calibrate,
    demo,
    enrol,
    gallery,
    models,
    reindex,
    synth,
)
from matcher.cli.app import app
from matcher.cli.comparing import compare, cross, search
from matcher.cli.video import frames

__all__ = [
    "adapt",
    "app",
    "audit",
    "calibrate",
    "compare",
    "cross",
    "demo",
    "enrol",
    "frames",
    "gallery",
    "models",
    "reindex",
    "search",
    "synth",
]
