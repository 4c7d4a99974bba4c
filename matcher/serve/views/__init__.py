"""What each page shows: plain values in plain words, made by the server, read by the templates."""

from matcher.serve.views.casework import CaseView, JobView, ProbeFace, SearchLine, UploadView
from matcher.serve.views.facts import Facts
from matcher.serve.views.groups import FaceTile, GroupingView, GroupView
from matcher.serve.views.leads import ArrivalView, LeadCard, ListView, Side
from matcher.serve.views.log import LogLine, VerdictView
from matcher.serve.views.review import FeatureView, LeadView, Mark, OpinionView, RegionView
from matcher.serve.views.shell import Place, Shell, Viewer

__all__ = [
    "ArrivalView",
    "CaseView",
    "FaceTile",
    "Facts",
    "FeatureView",
    "GroupView",
    "GroupingView",
    "JobView",
    "LeadCard",
    "LeadView",
    "ListView",
    "LogLine",
    "Mark",
    "OpinionView",
    "Place",
    "ProbeFace",
    "RegionView",
    "SearchLine",
    "Shell",
    "Side",
    "UploadView",
    "VerdictView",
    "Viewer",
]
