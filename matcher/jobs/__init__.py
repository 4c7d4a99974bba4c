"""Batch work on a gallery: plan, re-index, compare, switch, roll back."""
