"""All settings of the school, each slice from the room that owns it. Nothing here loads torch."""

from __future__ import annotations

from pydantic import Field

from school.diary.settings import ScribeSettings, VoiceSettings
from school.office.machine_settings import MachineSettings
from school.office.settings import Slice
from school.record.settings import RecordSettings
from school.schedule.settings import TimetableSettings
from school.souls.settings import SoulSettings
from school.talking.settings import SignalSettings, SpeechSettings
from school.teaching import settings as teaching
from school.teaching.brain_settings import BrainSettings
from school.teaching.settings import LessonSettings
from school.texts.cleaning.settings import CleaningSettings
from school.texts.redaction.settings import RedactionSettings
from school.texts.settings import LibrarySettings

REMOVED: dict[str, str] = {
    **teaching.REMOVED,
    "brain.shared_cerebellum": "each neuron has a window mix of its own, which learns better",
    "speech.turn_seconds": "answers are made while lessons compute, so that neither waits for the other",
    "brain.echo": "it learns as well without, so newborns have none; a baby that was born with it keeps it",
    "brain.shared_decays": "newborns share their memory spans, which is as good; a baby born otherwise stays so",
    "brain.blend_logit_norm": "logits are always blended with their own norm",
}
"""Settings and sections that were there once, by name, and why they went."""


class SchoolSettings(Slice):
    """What a life needs, whoever talks to it."""

    brain: BrainSettings = Field(default_factory=BrainSettings)
    library: LibrarySettings = Field(default_factory=LibrarySettings)
    cleaning: CleaningSettings = Field(default_factory=CleaningSettings)
    redaction: RedactionSettings = Field(default_factory=RedactionSettings)
    lessons: LessonSettings = Field(default_factory=LessonSettings)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    signals: SignalSettings = Field(default_factory=SignalSettings)
    soul: SoulSettings = Field(default_factory=SoulSettings)
    record: RecordSettings = Field(default_factory=RecordSettings)
    timetable: TimetableSettings = Field(default_factory=TimetableSettings)
    voice: VoiceSettings = Field(default_factory=VoiceSettings)
    scribe: ScribeSettings = Field(default_factory=ScribeSettings)
    machine: MachineSettings = Field(default_factory=MachineSettings)
