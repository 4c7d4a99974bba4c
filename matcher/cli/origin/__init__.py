"""`matcher dates`: what photos say of their own origin."""

from matcher.cli.origin.listing_dates import dates

__all__ = ["dates"]
