"""The date of capture that a photo carries, and how far it may be trusted. No pixel is decoded."""

from matcher.photos.dates.capture import CaptureDate, Doubt, Reliability, Source
from matcher.photos.dates.listing import DateOfPhoto, counted_dates, list_dates
from matcher.photos.dates.position import Position
from matcher.photos.dates.reading import capture_date, date_in, gps_position

__all__ = [
    "CaptureDate",
    "DateOfPhoto",
    "Doubt",
    "Position",
    "Reliability",
    "Source",
    "capture_date",
    "counted_dates",
    "date_in",
    "gps_position",
    "list_dates",
]
