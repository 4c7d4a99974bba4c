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
from matcher.cli.activity import log
from matcher.cli.app import app
from matcher.cli.comparing import compare, cross, search
from matcher.cli.exchange import hashes, vics
from matcher.cli.grouping import group, groups
from matcher.cli.leads import leads
from matcher.cli.origin import dates
from matcher.cli.retention import retention
from matcher.cli.serving import serve
from matcher.cli.video import frames
from matcher.cli.watching import watch

__all__ = [
    "adapt",
    "app",
    "audit",
    "calibrate",
    "compare",
    "cross",
    "dates",
    "demo",
    "enrol",
    "frames",
    "gallery",
    "group",
    "groups",
    "hashes",
    "leads",
    "log",
    "models",
    "reindex",
    "retention",
    "search",
    "serve",
    "synth",
    "vics",
    "watch",
]
