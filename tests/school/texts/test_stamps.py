"""Stamps: what is unchanged isn't read again, what is changed always is, and nothing of what was taken away stays."""

from __future__ import annotations

import hashlib
import os

import pytest

from school.texts import stamps
from school.texts.formats import PLAIN
from school.texts.places import Source
from school.texts.stamps import NAME, keep_stamps, read_stamps, stamp_of
from school.texts.survey import look_at

OTHER = "f" * 64


@pytest.fixture
def settled(monkeypatch):
    """Files count as left alone at once."""
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**12))


def test_what_is_unchanged_is_not_read(tmp_path, settled):
    """What is known of a file is believed, as its checksum here, which is not the file's."""
    (tmp_path / "a.txt").write_text("a fox")
    sources = [Source(tmp_path / "a.txt", "a.txt")]
    (file,) = look_at(sources, {"a.txt": (stamp_of(sources[0].path), OTHER, PLAIN.key)})
    assert (file.sha256, file.size) == (OTHER, 5)


@pytest.mark.parametrize("how", ["written over", "replaced", "as old as before"])
def test_what_is_changed_is_read(tmp_path, settled, how):
    """Also where its size stays, and its time of writing is set back."""
    path = tmp_path / "a.txt"
    path.write_text("a fox")
    before = path.stat()
    known = {"a.txt": (stamp_of(path), OTHER, PLAIN.key)}
    if how == "replaced":
        (tmp_path / "b.txt").write_text("a dog")
        (tmp_path / "b.txt").replace(path)
    else:
        path.write_text("a dog")
    if how == "as old as before":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (file,) = look_at([Source(path, "a.txt")], known)
    assert file.sha256 == hashlib.sha256(b"a dog").hexdigest()


def test_what_was_changed_just_now_has_no_stamp(tmp_path):
    """Nor has what isn't there."""
    (tmp_path / "a.txt").write_text("a fox")
    assert stamp_of(tmp_path / "a.txt") is None
    assert stamp_of(tmp_path / "b.txt") is None


def test_what_could_not_be_read_is_tried_again(tmp_path, settled):
    (tmp_path / "folder.txt").mkdir()
    (file,) = look_at([Source(tmp_path / "folder.txt", "folder.txt")])
    assert file.unreadable
    assert file.stamp is None


def test_they_are_kept(tmp_path):
    """And a file of them that can't be understood counts as none."""
    kept = {"a.txt": ((1, 2, 3, 4), OTHER, PLAIN.key)}
    keep_stamps(tmp_path, kept | {"b.txt": ((1, 2, 3, 4), OTHER)})  # as an earlier version kept them
    assert read_stamps(tmp_path) == kept
    (tmp_path / NAME).write_text("[3]")
    assert read_stamps(tmp_path) == {}
    keep_stamps(tmp_path / "nowhere", kept)
    assert read_stamps(tmp_path / "nowhere") == {}
