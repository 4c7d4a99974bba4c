"""Leads of a governed gallery: who reviews them, what a reviewer is told, and what came of it."""
