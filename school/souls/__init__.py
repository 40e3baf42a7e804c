"""Souls on disk: saved whole, checked, backed up."""
