"""The record of a life: one SQLite file, who writes it, who reads it, what leaves it."""
