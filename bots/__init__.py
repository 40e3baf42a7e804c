"""The surfaces that people talk through."""
