"""Batch work on a gallery: plan, run, resume, compare, switch. Imports search and what is left of it."""
