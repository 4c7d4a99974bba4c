"""What stands before every page: who may, from where, how much, and with which headers."""

from matcher.serve.security.access import ALL_ROLES, ANYBODY, ROUTES, Access
from matcher.serve.security.forms import Fields, fields_of
from matcher.serve.security.guard import Guard
from matcher.serve.security.headers import AUDIT_POLICY, PAGE_POLICY

__all__ = [
    "ALL_ROLES",
    "ANYBODY",
    "AUDIT_POLICY",
    "PAGE_POLICY",
    "ROUTES",
    "Access",
    "Fields",
    "Guard",
    "fields_of",
]
