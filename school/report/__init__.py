"""Looking at a life in its record: figures of any span, tables, curves, and the page that tells all of it."""
