"""What goes along in a ``.pyz``: a baby that speaks with NumPy alone. It imports nothing else of the house but what
needs the standard library only."""
