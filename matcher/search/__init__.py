"""Probe to ranked candidates."""
