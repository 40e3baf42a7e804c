"""What tests share is as good as new for each of them."""

from __future__ import annotations

import signal

from bots.command_line import parse
from school.diary.voice import read_voices
from school.record.schema import connect
from tests.conftest import HANDLERS, put_back_handlers
from tests.new_records import one_by_one

SHAPE = "select type, name, tbl_name, sql from sqlite_master order by rowid"


def test_a_copied_record_is_as_one_that_took_all_steps(tmp_path):
    """The same tables, indices and triggers, the same steps noted, in a file of the same kind."""
    copied = connect(tmp_path / "copied.db")
    with one_by_one():
        made = connect(tmp_path / "made.db")
    try:
        assert len(made.execute(SHAPE).fetchall()) > 50
        for query in (SHAPE, "select id, migration_set, name from _sqlite_migrations order by id"):
            assert copied.execute(query).fetchall() == made.execute(query).fetchall()
        for pragma in ("journal_mode", "page_size", "auto_vacuum", "encoding", "user_version", "foreign_keys"):
            assert copied.execute(f"pragma {pragma}").fetchall() == made.execute(f"pragma {pragma}").fetchall()
    finally:
        copied.close()
        made.close()


def test_a_home_with_words_of_its_own_changes_nobody_elses(tmp_path):
    (tmp_path / "voice.toml").write_text('[moods]\nproud = ["ten feet tall"]\n')
    before = read_voices(tmp_path / "none")["moods"].lines("proud")
    assert read_voices(tmp_path)["moods"].lines("proud") == ["ten feet tall"]
    assert read_voices(tmp_path / "none")["moods"].lines("proud") == before != ["ten feet tall"]


def test_a_command_line_keeps_nothing_of_the_last_one():
    parse([]).library.append("elsewhere")
    parse(["--set", "a.b=1", "chat-room"]).moderator.append("mo")
    assert (parse([]).library, parse([]).set, parse(["chat-room"]).moderator) == ([], [], [])


def test_ctrl_c_ends_the_tests_whatever_a_command_did():
    for number in HANDLERS:
        signal.signal(number, signal.SIG_IGN)
    put_back_handlers()
    assert {number: signal.getsignal(number) for number in HANDLERS} == HANDLERS
