"""What a server does: open galleries, read cases from the log, search, show pictures, run jobs."""

from matcher.serve.work.casebook import Casebook, KnownCase, KnownSearch
from matcher.serve.work.galleries import Galleries, ServedGallery
from matcher.serve.work.groupings import Groupings, ServedGrouping
from matcher.serve.work.open_case import OpenCase
from matcher.serve.work.pictures import Pictures
from matcher.serve.work.running import JobRunner
from matcher.serve.work.searching import FoundFace, ReadProbe, SearchWork, Wanted

__all__ = [
    "Casebook",
    "FoundFace",
    "Galleries",
    "Groupings",
    "JobRunner",
    "KnownCase",
    "KnownSearch",
    "OpenCase",
    "Pictures",
    "ReadProbe",
    "SearchWork",
    "ServedGallery",
    "ServedGrouping",
    "Wanted",
]
