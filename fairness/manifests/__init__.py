"""Tables that people write: read as they are meant, or refused; nobody's value moves over."""

from fairness.manifests.cells import DAYS_PER_YEAR, age_in_years, calendar_day
from fairness.manifests.spelling import in_one_form, spelling_remarks
from fairness.manifests.table import ALIASES, ManifestTable, TableRow, read_table

__all__ = [
    "ALIASES",
    "DAYS_PER_YEAR",
    "ManifestTable",
    "TableRow",
    "age_in_years",
    "calendar_day",
    "in_one_form",
    "read_table",
    "spelling_remarks",
]
