"""Put all faces of a folder into groups of one person each, for a person to review and correct."""

from matcher.grouping.group_file import GroupChange, GroupFile
from matcher.grouping.into_gallery import EnrolledGroup, enrol_groups
from matcher.grouping.pipeline import group
from matcher.grouping.result import Group, GroupedFace, Grouping
from matcher.grouping.sheet import write_group_sheet
from matcher.grouping.table import write_groups

__all__ = [
    "EnrolledGroup",
    "Group",
    "GroupChange",
    "GroupFile",
    "GroupedFace",
    "Grouping",
    "enrol_groups",
    "group",
    "write_group_sheet",
    "write_groups",
]
