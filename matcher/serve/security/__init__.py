"""The table of who may open what, the forms, the cookies and the headers."""

from matcher.serve.security.access import ALL_ROLES, ANYBODY, ROUTES, Access
from matcher.serve.security.forms import Fields, fields_of, has_token
from matcher.serve.security.headers import AUDIT_POLICY, PAGE_POLICY, with_headers

__all__ = [
    "ALL_ROLES",
    "ANYBODY",
    "AUDIT_POLICY",
    "PAGE_POLICY",
    "ROUTES",
    "Access",
    "Fields",
    "fields_of",
    "has_token",
    "with_headers",
]
