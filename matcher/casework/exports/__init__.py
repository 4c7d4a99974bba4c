"""Lead reports: leads for a case file as HTML or PDF, in several languages."""

from matcher.casework.exports.building import lead_report_of
from matcher.casework.exports.from_log import report_of_leads
from matcher.casework.exports.languages import LANGUAGES, Language
from matcher.casework.exports.photos import FacePictures, ReportPhoto, report_photo
from matcher.casework.exports.report import (
    GalleryState,
    LeadReport,
    LogPlace,
    ReportLead,
    ReportReview,
    ReportSearch,
)
from matcher.casework.exports.writing import REPORT_FORMATS, ReportFormat, write_lead_report

__all__ = [
    "LANGUAGES",
    "REPORT_FORMATS",
    "FacePictures",
    "GalleryState",
    "Language",
    "LeadReport",
    "LogPlace",
    "ReportFormat",
    "ReportLead",
    "ReportPhoto",
    "ReportReview",
    "ReportSearch",
    "lead_report_of",
    "report_of_leads",
    "report_photo",
    "write_lead_report",
]
