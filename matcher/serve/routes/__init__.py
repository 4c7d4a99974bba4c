"""The routes of the server."""

from matcher.serve.routes import (
    arrivals,
    cases,
    groups,
    jobs,
    leads,
    log,
    pictures,
    probes,
    report,
    searches,
    signing,
)

TABLES = (
    signing.table,
    cases.table,
    probes.table,
    jobs.table,
    searches.table,
    leads.table,
    arrivals.table,
    groups.table,
    log.table,
    report.table,
    pictures.table,
)

__all__ = ["TABLES"]
