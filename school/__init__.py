"""The school: the staff who drive the brain."""
