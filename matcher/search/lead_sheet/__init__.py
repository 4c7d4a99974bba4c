"""The lead sheet: one self-contained HTML page with probes and leads, for a person to review."""

from matcher.search.lead_sheet.writing import write_sheet

__all__ = ["write_sheet"]
