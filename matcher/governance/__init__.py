"""What the use of a governed gallery needs, and the log of every use."""

from matcher.governance.activity import Activity
from matcher.governance.anchors import ANCHORS_VARIABLE, Anchor, append_anchor, read_anchors
from matcher.governance.checking import LogFault, LogVerdict
from matcher.governance.context import PURPOSES, SEARCH_PURPOSES, CaseContext, Purpose
from matcher.governance.log import ActivityLog
from matcher.governance.pseudonyms import Meaning, Pseudonyms, open_casework
from matcher.governance.record import KINDS, Entry, Kind, LogRecord
from matcher.governance.resolving import resolved
from matcher.governance.signing import KEY_VARIABLE

__all__ = [
    "ANCHORS_VARIABLE",
    "KEY_VARIABLE",
    "KINDS",
    "PURPOSES",
    "SEARCH_PURPOSES",
    "Activity",
    "ActivityLog",
    "Anchor",
    "CaseContext",
    "Entry",
    "Kind",
    "LogFault",
    "LogRecord",
    "LogVerdict",
    "Meaning",
    "Pseudonyms",
    "Purpose",
    "append_anchor",
    "open_casework",
    "read_anchors",
    "resolved",
]
