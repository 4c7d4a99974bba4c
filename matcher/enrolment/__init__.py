"""Enrol photos and manifests into a gallery, with one outcome for each photo."""

from matcher.enrolment.dating import DateUse, Dating, date_remarks
from matcher.enrolment.differences import Difference
from matcher.enrolment.folder import read_folder
from matcher.enrolment.forecasting import Forecast, forecast
from matcher.enrolment.manifest import (
    Manifest,
    PhotoOfSubject,
    RefusedRow,
    read_dates,
    read_manifest,
)
from matcher.enrolment.pipeline import EnrolmentOutcome, enrol, hidden_among, without_a_face

__all__ = [
    "DateUse",
    "Dating",
    "Difference",
    "EnrolmentOutcome",
    "Forecast",
    "Manifest",
    "PhotoOfSubject",
    "RefusedRow",
    "date_remarks",
    "enrol",
    "forecast",
    "hidden_among",
    "read_dates",
    "read_folder",
    "read_manifest",
    "without_a_face",
]
