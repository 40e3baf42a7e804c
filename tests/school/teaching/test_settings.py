"""Settings of lessons: few are shown, and those that went are told of and ignored."""

from __future__ import annotations

from pathlib import Path

from bots.settings import Settings
from school.office.settings import read_settings
from school.teaching.settings import REMOVED, LessonSettings

OF_BEFORE = """\
[lessons]
streams = 8

[pedagogy]
repeats = true
rows = 2
curriculum = false
"""


def test_a_file_with_settings_that_went_is_read(tmp_path: Path):
    """What stands beside them counts; one line names them, whether they come from a file or from --set."""
    file, told = tmp_path / "config.toml", []
    file.write_text(OF_BEFORE)
    changes = ["pedagogy.guess_rate=0.1", "lessons.seed=3"]
    settings = read_settings(Settings, file, changes, removed=REMOVED, tell=told.append)
    assert (settings.lessons.streams, settings.lessons.seed) == (8, 3)
    (line,) = told
    assert "pedagogy (" in line
    assert len(line.splitlines()) == 1
    assert not hasattr(settings, "pedagogy")


def test_few_are_shown():
    """Those of lessons that people change are a handful; each other one is marked as an expert's."""
    shown = [name for name, field in LessonSettings.model_fields.items() if not field.json_schema_extra]
    assert shown == ["seed", "micro_seconds", "reviews_kept", "night_passes", "dialogue_share", "evaluation_steps"]
