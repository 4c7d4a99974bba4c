"""The application with all its sub-commands; importing a module adds its command."""

from matcher.cli import (
    adapt,
    audit,
    calibrate,
    compare,
    cross,
    demo,
    enrol,
    gallery,
    models,
    reindex,
    search,
    synth,
)
from matcher.cli.app import app

__all__ = [
    "adapt",
    "app",
    "audit",
    "calibrate",
    "compare",
    "cross",
    "demo",
    "enrol",
    "gallery",
    "models",
    "reindex",
    "search",
    "synth",
]
