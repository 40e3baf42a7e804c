"""The one exception that a user may see: a sentence that names the thing and what to do about it."""


class Mistake(Exception):
    """Something the user can put right; shown as one line, exit status 2, never with a traceback."""
