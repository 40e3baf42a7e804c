"""What the sources of lessons are called, as pairs have them. Light, for whoever only looks at the record."""

STAFF = ("scribe", "reflection", "diary")  # sources of lessons that nobody from outside gave
PLAYED = {"preferred": True, "loops": False, "canned": False, "wall": False}  # of verdicts made by self-play
LIKED = {"good": True, "bad": False} | PLAYED  # sources of what is a verdict on an answer
NO_LESSONS = ("bad", *PLAYED)  # of these, the sources of what is a verdict only
