"""How often, how long and how many: what keeps a chat calm, and what people don't set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times are in seconds."""

    tick: float = 0.25  # between two looks at the clock
    tasks: int = 64  # answers under way; as many responses to commands
    command: float = 2.0  # between two commands of one person
    confirmation: float = 60.0  # between two confirmations of the same to one person
    window: float = 30.0  # in which it replies so often as the settings say
    refusals: float = 3.75  # between two refusals; each is one message to all who were turned away, with room for it
    too_late: float = 4.5  # after which nobody waits to be turned away any more
    told_to_wait: float = 60.0  # between two times that somebody is told to wait
    patience: float = 120.0  # that a confirmation may wait for room
    gathering: float = 4.0  # in which people gather whom one message may tell, where there is no room for one for each
    look_again: float = 0.5  # between two looks whether there is room
    grace: float = 1.0  # beyond an answer's time, after which nobody waits for it any more
    record: float = 5.0  # that the record may take to tell or delete something
    save: float = 60.0  # that saving a soul may take
    quarantined: int = 2000  # lines in quarantine
    unnoticed: float = 60.0  # that the wire may have been deaf without knowing, and moderators' removals unheard
