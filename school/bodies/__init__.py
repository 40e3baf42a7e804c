"""Bodies: the newest voice as one file to give away. Never texts, talk or the record."""
