"""The caretaker: a soul is saved whole or not at all, and what is damaged never wakes."""

from __future__ import annotations

import ast
import contextlib
import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from school.office.files import open_plain
from school.office.mistakes import Mistake
from school.souls import caretaker as caretaker_module
from school.souls import checksums
from school.souls.caretaker import FORMAT, NAME, Caretaker, Soul, SoulSettings
from school.souls.checksums import SUMS, SoulDamaged

REPOSITORY = Path(caretaker_module.__file__).parents[2]
PLENTY = SoulSettings(keep_last=100)


def soul_of(step: int, mood: float = 1.0, **facts: Any) -> Soul:
    """A small soul with a bit of everything."""
    generator = torch.Generator().manual_seed(step)
    tensors = {
        "brain": {
            "weights": torch.randn(5, 3, generator=generator) * mood,
            "across": torch.arange(6.0).reshape(2, 3).t(),  # not contiguous
            "single": torch.tensor(-0.0),
            "strange": torch.tensor([float("nan"), float("inf"), -float("inf"), 1e-45]),
        },
        "streams": {
            "half": torch.randn(4, generator=generator).bfloat16(),
            "ids": torch.arange(3),
            "flags": torch.tensor([True, False]),
            "empty": torch.empty(0, 7),
        },
        "conversations": {},
    }
    facts = {"mood": mood, "names": ["狐狸 🦊", "", "a\nb"], "nested": {"none": None, "list": [1, 2.5, True]}, **facts}
    return Soul(step, facts, tensors, json.dumps({"version": "1.0", "vocabulary": ["ü", "\0"]}, ensure_ascii=False))


def same_bits(one: torch.Tensor, two: torch.Tensor) -> bool:
    if (one.dtype, one.shape) != (two.dtype, two.shape):
        return False
    raw = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (one, two)]
    return torch.equal(*raw)


def assert_same(found: Soul | None, saved: Soul) -> None:
    assert found is not None
    assert found.step == saved.step
    assert found.tokenizer == saved.tokenizer
    assert found.facts == {**saved.facts, "format": FORMAT, "step": saved.step}
    assert {name: set(part) for name, part in found.tensors.items()} == {n: set(p) for n, p in saved.tensors.items()}
    for name, part in saved.tensors.items():
        for key, tensor in part.items():
            assert same_bits(found.tensors[name][key], tensor), f"{name}.{key}"


def hush(text: str) -> None:
    raise AssertionError(f"nothing was to be said, but: {text}")


@pytest.fixture(autouse=True)
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Spare the disk: files are not really synced, only noted (device and inode)."""
    noted: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fsync", lambda handle: noted.append((os.fstat(handle).st_dev, os.fstat(handle).st_ino)))
    return noted


@pytest.fixture
def home(tmp_path: Path) -> Caretaker:
    """A caretaker who keeps all souls, in a folder that is not there yet."""
    return Caretaker(tmp_path / "soul", PLENTY)


def leftovers(keeper: Caretaker) -> list[str]:
    return sorted(path.name for path in keeper.folder.iterdir() if path.name.startswith("."))


# ---- sleeping and waking -------------------------------------------------------------------------------------------


def test_a_soul_wakes_as_it_fell_asleep(home: Caretaker):
    """Every tensor comes back with the same bits, type and shape; facts and tokenizer as they were."""
    saved = soul_of(12345)
    place = home.save(saved)
    assert place == home.folder / "step-000000012345"
    assert_same(home.newest(hush, set_aside=True), saved)
    assert_same(home.load(place), saved)


def test_a_soul_is_tensors_and_json(home: Caretaker):
    """A soul's folder holds safetensors, JSON and the checksums of all of them, and nothing else."""
    place = home.save(soul_of(1))
    names = {file.name for file in place.iterdir()}
    parts = {"brain.safetensors", "streams.safetensors", "conversations.safetensors"}
    assert names == parts | {"facts.json", "tokenizer.json", SUMS}
    listed = [line.split("  ") for line in (place / SUMS).read_text("utf-8").splitlines()]
    assert {name for _, name in listed} == names - {SUMS}
    json.loads((place / "facts.json").read_text("utf-8"))


def test_a_saved_soul_is_on_the_disk(home: Caretaker, synced: list[tuple[int, int]]):
    """When save returns, every file of the soul, its folder and the folder above have been synced, the last one
    after the soul was in its place."""
    place = home.save(soul_of(1))
    inodes = [(path.stat().st_dev, path.stat().st_ino) for path in (*place.iterdir(), place, home.folder)]
    assert sorted(synced) == sorted(inodes)
    assert synced[-1] == inodes[-1]


def test_the_newest_is_the_highest_step(home: Caretaker):
    """newest is the soul of the highest step, whenever it was saved; souls lists them downwards."""
    for step in (7, 100_000, 30, 0):
        home.save(soul_of(step))
    assert [place.name for place in home.souls()] == [NAME.format(step) for step in (100_000, 30, 7, 0)]
    assert_same(home.newest(hush, set_aside=True), soul_of(100_000))


def test_nobody_has_lived_here_yet(home: Caretaker):
    """In an empty or missing folder there is no soul and nothing to prune."""
    assert home.newest(hush, set_aside=True) is None
    assert home.souls() == []
    assert home.prune() == []
    home.folder.mkdir()
    assert home.newest(hush, set_aside=True) is None


def test_a_woken_soul_can_be_saved_again_later(home: Caretaker):
    """A soul that was loaded and saved under a later step wakes with that step, not with the one in its old facts."""
    home.save(soul_of(5))
    woken = home.newest(hush, set_aside=True)
    home.save(Soul(6, woken.facts, woken.tensors, woken.tokenizer))
    again = home.newest(hush, set_aside=True)
    assert (again.step, again.facts["step"]) == (6, 6)


def test_the_same_step_again(home: Caretaker):
    """Saving a step twice leaves the later soul in the place of the earlier, and no traces."""
    home.save(soul_of(5, mood=1.0))
    home.save(soul_of(5, mood=-2.0))
    assert [place.name for place in home.souls()] == [NAME.format(5)]
    assert_same(home.newest(hush, set_aside=True), soul_of(5, mood=-2.0))
    assert leftovers(home) == []


# ---- damage --------------------------------------------------------------------------------------------------------

FILES = ["brain.safetensors", "conversations.safetensors", "facts.json", "streams.safetensors", "tokenizer.json", SUMS]


def damage(file: Path, how: str) -> None:
    raw = file.read_bytes()
    middle = len(raw) // 2
    match how:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "truncated":
            file.write_bytes(raw[:-1] if file.name != SUMS else raw[:middle])
        case "a line short":
            file.write_bytes(b"".join(raw.splitlines(keepends=True)[:-1]))
        case "changed":
            file.write_bytes(raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :])
        case "longer":
            file.write_bytes(raw + b"\n ")
        case "rubbish":
            file.write_bytes(bytes(range(256)))
        case "a folder":
            file.unlink()
            file.mkdir()


@pytest.mark.parametrize("how", ["missing", "empty", "truncated", "changed", "longer", "rubbish", "a folder"])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_soul_does_not_wake(home: Caretaker, file: str, how: str):
    """Any file of the newest soul truncated, changed or gone: the older soul wakes, the damaged one is named once in
    one line, and moved to soul/damaged."""
    home.save(soul_of(1))
    place = home.save(soul_of(2))
    damage(place / file, how)
    said: list[str] = []
    assert_same(home.newest(said.append, set_aside=True), soul_of(1))
    assert len(said) == 1
    assert said[0].startswith(f"{place.name} is damaged (")
    assert len(said[0].splitlines()) == 1
    assert [path.name for path in home.souls()] == [NAME.format(1)]
    assert [path.name.rpartition("-")[0] for path in (home.folder / "damaged").iterdir()] == [place.name]
    assert_same(home.newest(hush, set_aside=True), soul_of(1))


def test_a_list_of_checksums_that_ends_early(home: Caretaker):
    """A soul whose checksums leave out one of its files is damaged, though the others agree."""
    place = home.save(soul_of(2))
    damage(place / SUMS, "a line short")
    with pytest.raises(SoulDamaged, match="not listed"):
        home.load(place)


def test_a_damaged_soul_is_only_named_where_nothing_may_be_moved(home: Caretaker):
    """Without set_aside the damaged soul is named, stays where it is, and the older one is read."""
    home.save(soul_of(1))
    place = home.save(soul_of(2))
    damage(place / "brain.safetensors", "changed")
    said: list[str] = []
    assert_same(home.newest(said.append, set_aside=False), soul_of(1))
    assert said == [f"{place.name} is damaged (brain.safetensors has changed); going back to the one before."]
    assert place.exists()
    assert not (home.folder / "damaged").exists()


def test_if_all_are_damaged_no_other_is_born(home: Caretaker):
    """Where every soul is damaged, each is named and set aside, and it ends in one line, this time and the next."""
    for step in (1, 2, 3):
        damage(home.save(soul_of(step)) / "facts.json", "missing")
    said: list[str] = []
    for _ in range(2):
        with pytest.raises(Mistake, match="none that can be woken.* --newborn") as caught:
            home.newest(said.append, set_aside=True)
        assert len(str(caught.value).splitlines()) == 1
    assert [line.split()[0] for line in said] == [NAME.format(step) for step in (3, 2, 1)]
    assert all("facts.json is missing" in line for line in said)
    assert len(list((home.folder / "damaged").iterdir())) == 3


def test_twice_damaged_at_the_same_step(home: Caretaker):
    """A soul saved anew at the step of one that was set aside can be set aside as well."""
    home.save(soul_of(1))
    for _ in range(2):
        damage(home.save(soul_of(2)) / "facts.json", "changed")
        assert_same(home.newest(lambda text: None, set_aside=True), soul_of(1))
    assert len(list((home.folder / "damaged").iterdir())) == 2


def test_a_file_among_the_souls(home: Caretaker):
    """A mere file named like a soul is damaged, not a crash."""
    home.save(soul_of(1))
    (home.folder / NAME.format(2)).write_text("boo")
    assert_same(home.newest(lambda text: None, set_aside=False), soul_of(1))


def rewrite_facts(place: Path, **facts: Any) -> None:
    """Change the facts of a soul, checksums included."""
    file = place / "facts.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | facts), encoding="utf-8")
    sums = [f"{checksums._sha256(f)}  {f.name}\n" for f in sorted(place.iterdir()) if f.name != SUMS]
    (place / SUMS).write_text("".join(sums), encoding="utf-8")


def test_a_soul_from_the_future(home: Caretaker):
    """A soul of a newer format is a Mistake that names it; it is not set aside, and no older one is woken instead."""
    home.save(soul_of(1))
    place = home.save(soul_of(2))
    rewrite_facts(place, format=FORMAT + 1)
    with pytest.raises(Mistake, match=r"step-0+2: this soul was saved by a newer babyLLM") as caught:
        home.newest(hush, set_aside=True)
    assert len(str(caught.value).splitlines()) == 1
    assert place.exists()
    rewrite_facts(place, format=FORMAT)
    assert_same(home.newest(hush, set_aside=True), soul_of(2))


# ---- what can't be read just now -------------------------------------------------------------------------------------

UNREADABLE = [errno.EIO, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENOMEM]


class Opener:
    """Opens files, but not the one of this name, below a folder of that name."""

    def __init__(self, name: str, number: int, below: str = ""):
        self.name, self.number, self.below = name, number, below

    def __call__(self, path: Path):
        if path.name == self.name and self.below in str(path):
            raise OSError(self.number, os.strerror(self.number), str(path))
        return open_plain(path)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != "lock")


@pytest.mark.parametrize("number", UNREADABLE, ids=errno.errorcode.get)
@pytest.mark.parametrize("file", FILES)
def test_an_error_in_reading_is_not_damage(home: Caretaker, file: str, number: int):
    """Whichever file of the newest soul can't be read: one line that names it, nothing is moved, no older soul wakes
    and no new baby is born; when it can be read again, it wakes."""
    home.save(soul_of(1))
    home.save(soul_of(2))
    before = everything(home.folder)
    for set_aside in (True, False):
        blind = Caretaker(home.folder, PLENTY, opener=Opener(file, number))
        with pytest.raises(Mistake, match=rf"step-0+2/{file}: can't be read.*nothing was moved") as caught:
            blind.newest(hush, set_aside=set_aside)
        assert len(str(caught.value).splitlines()) == 1
        assert everything(home.folder) == before
    assert_same(home.newest(hush, set_aside=True), soul_of(2))


def test_nothing_is_moved_before_all_is_known(home: Caretaker):
    """The newest damaged and the one before unreadable: neither is moved."""
    home.save(soul_of(1))
    damage(home.save(soul_of(2)) / "facts.json", "changed")
    before = everything(home.folder)
    blind = Caretaker(home.folder, PLENTY, opener=Opener("facts.json", errno.EIO, below=NAME.format(1)))
    with pytest.raises(Mistake, match="nothing was moved"):
        blind.newest(hush, set_aside=True)
    assert everything(home.folder) == before


def test_no_files_left_to_open(home: Caretaker):
    """The real thing: a process that has too many files open takes no soul for damaged."""
    home.save(soul_of(1))
    before = everything(home.folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    handles = [os.open(home.folder, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(int(one.name) for one in Path("/dev/fd").iterdir()) + 32, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                handles.append(os.open(home.folder, os.O_RDONLY))
        for _ in range(8):  # with none, one, two... left to open
            with contextlib.suppress(Mistake):
                home.newest(hush, set_aside=True)
            os.close(handles.pop())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for handle in handles:
            os.close(handle)
    assert everything(home.folder) == before
    assert_same(home.newest(hush, set_aside=True), soul_of(1))


def test_an_unreadable_folder_is_not_an_empty_one(home: Caretaker, monkeypatch: pytest.MonkeyPatch):
    """Where the folder of the souls can't be listed, nobody is born in it."""
    home.save(soul_of(1))

    def refuse(path: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as moment:
        moment.setattr(os, "listdir", refuse)
        moment.setattr(os, "scandir", refuse)
        with pytest.raises(Mistake, match="can't be read .Permission denied.; nothing was moved.*sudo chown -R"):
            home.newest(hush, set_aside=True)
    assert_same(home.newest(hush, set_aside=True), soul_of(1))


def test_forgetting_deletes_nothing_that_cannot_be_read(home: Caretaker):
    """A soul that can't be read when somebody is to be forgotten stays, and whoever asked hears of it."""
    facts = {"conversations": {"0000": ["talk", "ann"]}}
    place = home.save(soul_of(1, **facts))
    blind = Caretaker(home.folder, PLENTY, opener=Opener("facts.json", errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        blind.forget({"ann"})
    assert_same(home.load(place), soul_of(1, **facts))
    assert home.forget({"ann"}) == 1
    assert home.load(place).facts["conversations"] == {}


def test_what_was_set_aside_and_can_be_read_again_is_told(home: Caretaker):
    """In one line at waking, with the command that brings it back, which works; one that is older than the soul that
    wakes, and one that really is damaged, are no reason to go back."""
    home.save(soul_of(1))
    place = home.save(soul_of(7))
    aside = home.folder / "damaged" / f"{place.name}-123"
    aside.parent.mkdir()
    place.rename(aside)
    said: list[str] = []
    assert_same(home.newest(said.append, set_aside=True), soul_of(1))
    (line,) = said
    assert f"{aside} can be read again; to wake it, move it back: " in line
    assert subprocess.run(line.partition("move it back: ")[2], shell=True).returncode == 0
    assert_same(home.newest(hush, set_aside=True), soul_of(7))

    (home.folder / NAME.format(1)).rename(home.folder / "damaged" / f"{NAME.format(1)}-5")
    said.clear()
    assert_same(home.newest(said.append, set_aside=True), soul_of(7))
    assert ["older than the soul that wakes" in line for line in said] == [True]
    assert_same(home.newest(hush, set_aside=False), soul_of(7))
    damage(home.folder / "damaged" / f"{NAME.format(1)}-5" / "brain.safetensors", "changed")
    assert_same(home.newest(hush, set_aside=True), soul_of(7))


def test_where_all_were_set_aside_the_way_back_is_told(home: Caretaker):
    """Also where nothing can be woken: the line with the way back, then the one that ends it."""
    place = home.save(soul_of(7))
    (home.folder / "damaged").mkdir()
    place.rename(home.folder / "damaged" / f"{place.name}-1")
    said: list[str] = []
    with pytest.raises(Mistake, match="--newborn"):
        home.newest(said.append, set_aside=True)
    assert "move it back: mv" in said[0]


def test_a_newborn_that_was_asked_for(home: Caretaker):
    """The older souls are moved out of its way, whole, and told; it is the newest then. Whoever is forgotten is
    forgotten there, too. Until it is saved, no other is born by itself."""
    facts = {"conversations": {"0000": ["talk", "ann"]}}
    tensors = soul_of(9).tensors | {"conversations": {"0000/state": torch.ones(2)}}
    home.save(Soul(9, facts, tensors, "{}"))
    said: list[str] = []
    assert home.make_room(said.append) is None
    assert len(said) == 1
    with pytest.raises(Mistake, match="--newborn"):
        home.newest(hush, set_aside=True)
    home.save(soul_of(1))
    assert_same(home.newest(hush, set_aside=True), soul_of(1))
    (earlier,) = (home.folder / "earlier").iterdir()
    assert home.load(earlier).step == 9
    assert home.forget({"ann"}) == 1
    assert home.load(earlier).facts["conversations"] == {}


# ---- souls from somebody else ----------------------------------------------------------------------------------------


def resealed(place: Path, *lines: str) -> None:
    sums = [f"{checksums._sha256(f)}  {f.name}" for f in sorted(place.iterdir()) if f.name != SUMS and f.is_file()]
    (place / SUMS).write_text("\n".join([*sums, *lines]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["../secret.json", "/dev/zero", "/etc/passwd", "a/b.json", "..", "", "x\x1b]0;title\x07.json", "\u202efacts.json"],
)
def test_a_list_that_names_what_is_not_its_own(home: Caretaker, tmp_path: Path, name: str):
    """It is damaged, and nothing of what is named is read."""
    place = home.save(soul_of(1))
    (home.folder / "secret.json").write_text("{}")
    read = []
    watchful = Caretaker(home.folder, PLENTY, opener=lambda path: read.append(path) or open_plain(path))
    resealed(place, f"{'0' * 64}  {name}")
    with pytest.raises(SoulDamaged, match="lists what is no part of a soul"):
        watchful.load(place)
    assert read == [place / SUMS]


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "link to a file", "folder"])
@pytest.mark.parametrize("file", FILES)
def test_a_part_that_is_no_file(home: Caretaker, file: str, kind: str):
    """A pipe, a device, somebody's own file under the name of a part: damaged at once, without waiting, in one line."""
    place = home.save(soul_of(1))
    secret = place.parent / "secret"
    (place / file).rename(secret)
    match kind:
        case "pipe":
            os.mkfifo(place / file)
        case "link to a device":
            (place / file).symlink_to("/dev/zero")
        case "link to a file":
            (place / file).symlink_to(secret)
        case "folder":
            (place / file).mkdir()
    if kind == "link to a file" and file == SUMS:
        home.load(place)  # whoever put it there could have put the list there
        return
    with pytest.raises(SoulDamaged) as caught:
        home.load(place)
    assert len(str(caught.value).splitlines()) == 1


def test_a_part_that_is_said_to_be_huge(home: Caretaker):
    """A file of holes as large as no soul is refused before it is read."""
    place = home.save(soul_of(1))
    resealed(place)
    os.truncate(place / "brain.safetensors", 40 << 30)
    read = []
    watchful = Caretaker(home.folder, PLENTY, opener=lambda path: read.append(path.name) or open_plain(path))
    with pytest.raises(SoulDamaged, match="43 GB, more than any soul"):
        watchful.load(place)
    assert read == [SUMS]


HOSTILE_FACTS = [
    "[]", "3", "null", '{"format": 1}', '{"format": "1", "step": 1}', '{"format": 1, "step": true}',
    '{"format": 1, "step": -1}', '{"format": 1, "step": 1e9}', "[" * 100_000, f'{{"format": 1, "step": {"9" * 5000}}}',
    '{"format": 1, "step": "1"}', "\ud800", "",
]  # fmt: skip


@pytest.mark.parametrize("facts", HOSTILE_FACTS, ids=range(len(HOSTILE_FACTS)))
def test_facts_that_are_none(home: Caretaker, facts: str):
    """Whatever stands there, the soul is damaged in one line, for waking and for forgetting."""
    place = home.save(soul_of(1))
    (place / "facts.json").write_bytes(facts.encode("utf-8", "surrogatepass"))
    resealed(place)
    with pytest.raises(SoulDamaged) as caught:
        home.load(place)
    assert len(str(caught.value).splitlines()) == 1
    home.forget({"ann"})


@pytest.mark.parametrize(
    "header",
    [
        b"{}", b"3", b"", b"[" * 1000, b'{"a": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4000000000000]}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [None, 0, 1 << 40, (1 << 64) - 1])
def test_tensors_that_are_none(home: Caretaker, header: bytes, size: int | None):
    """A weights file whose head lies about lengths, types or shapes is damaged, and nothing is made of that size."""
    place = home.save(soul_of(1))
    length = len(header) if size is None else size
    (place / "brain.safetensors").write_bytes(length.to_bytes(8, "little") + header + b"\0" * 4)
    resealed(place)
    with pytest.raises(SoulDamaged, match=r"brain\.safetensors"):
        home.load(place)


# ---- crashes and full disks ----------------------------------------------------------------------------------------


class Crash(BaseException):
    """The power goes."""


class Fuse:
    """A stand-in for a function that works until its ``count``-th call, which raises."""

    def __init__(self, works: Any, count: int, error: BaseException):
        self.works, self.left, self.error = works, count, error

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.works(*arguments, **named)

    def __get__(self, owner: Any, _: Any = None) -> Any:  # so that it can stand in for a method
        return self if owner is None else lambda *arguments, **named: self(owner, *arguments, **named)


PLACES = [(caretaker_module, "save_file"), (os, "fsync"), (Path, "rename"), (Path, "write_text"), (Path, "mkdir")]
NAMES = [name for _, name in PLACES]


@pytest.mark.parametrize("again", [False, True], ids=["new step", "same step"])
@pytest.mark.parametrize(("owner", "name"), PLACES, ids=NAMES)
def test_an_error_in_the_middle_of_a_save(
    home: Caretaker, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, again: bool
):
    """Wherever saving fails: the error is told, the newest soul is whole, the old one or (when all but the last
    moments were done) the new one; nothing half is left, and the next save works."""
    old = soul_of(1)
    new = soul_of(1 if again else 2, mood=-3.0)
    home.save(old)
    failed = 0
    for count in range(1, 20):
        if new.step != old.step:
            shutil.rmtree(home.folder / NAME.format(new.step), ignore_errors=True)
        fuse = Fuse(getattr(owner, name), count, OSError(errno.EIO, "the disk hums a sad song"))
        with monkeypatch.context() as moment:
            moment.setattr(owner, name, fuse)
            problem = ""
            try:
                home.save(new)
            except OSError as error:
                problem = str(error)
        if not problem:
            assert fuse.left > 0
            break
        assert "sad song" in problem
        failed += 1
        found = home.newest(hush, set_aside=False)
        whole = (old.step, 1.0), (new.step, -3.0)
        assert (found.step, found.facts["mood"]) in whole
        assert_same(found, old if found.facts["mood"] == 1.0 else new)
        assert leftovers(home) in ([], [f".replaced-{NAME.format(new.step)}"])
    assert failed >= (1 if name == "mkdir" else 1 + again)
    assert_same(home.newest(hush, set_aside=False), new)


@pytest.mark.parametrize("again", [False, True], ids=["new step", "same step"])
@pytest.mark.parametrize(("owner", "name"), PLACES, ids=NAMES)
def test_the_power_goes_in_the_middle_of_a_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, again: bool
):
    """Wherever the process dies while saving, with no chance to tidy up: after the next lock the newest soul is
    whole, the old or the new one, and all that was left half done is gone."""
    old, new = soul_of(1), soul_of(1 if again else 2, mood=-3.0)
    died = 0
    for count in range(1, 20):
        keeper = Caretaker(tmp_path / str(count), PLENTY)
        keeper.save(old)
        fuse = Fuse(getattr(owner, name), count, Crash())
        with monkeypatch.context() as moment:
            moment.setattr(owner, name, fuse)
            moment.setattr(caretaker_module.shutil, "rmtree", lambda *_, **__: None)
            try:
                keeper.save(new)
            except Crash:
                died += 1
            else:
                break
        heir = Caretaker(keeper.folder, PLENTY)
        heir.lock()
        found = heir.newest(hush, set_aside=True)
        assert_same(found, old if found.facts["mood"] == 1.0 else new)
        assert leftovers(heir) == []
        heir.save(new)
        assert_same(heir.newest(hush, set_aside=True), new)
        heir.unlock()
    assert died >= 1


def test_half_a_soul_is_none(home: Caretaker):
    """An unfinished soul, however far it got, is not among the souls."""
    whole = home.save(soul_of(1))
    shutil.copytree(whole, home.folder / f".unfinished-{NAME.format(9)}-4711")
    shutil.copytree(whole, home.folder / f".replaced-{NAME.format(8)}")
    assert [place.name for place in home.souls()] == [NAME.format(1)]
    assert_same(home.newest(hush, set_aside=True), soul_of(1))


def test_locking_tidies_up(home: Caretaker):
    """lock deletes unfinished souls, brings back a replaced one whose successor never came, and deletes one whose
    successor did."""
    home.save(soul_of(1))
    home.save(soul_of(3))
    shutil.copytree(home.folder / NAME.format(3), home.folder / f".replaced-{NAME.format(3)}")
    (home.folder / NAME.format(1)).rename(home.folder / f".replaced-{NAME.format(1)}")
    (home.folder / f".unfinished-{NAME.format(9)}-4711").mkdir()
    (home.folder / f".unfinished-{NAME.format(9)}-4711" / "brain.safetensors").write_bytes(b"half")
    home.lock()
    assert leftovers(home) == []
    assert [place.name for place in home.souls()] == [NAME.format(3), NAME.format(1)]
    assert_same(home.load(home.folder / NAME.format(1)), soul_of(1))
    home.unlock()


Usage = namedtuple("Usage", "total used free")


def test_a_full_disk(home: Caretaker, monkeypatch: pytest.MonkeyPatch):
    """Where the disk has less room than a soul needs, saving raises OSError (ENOSPC) before it writes anything, and
    the old souls are intact."""
    home.save(soul_of(1))
    with monkeypatch.context() as moment:
        moment.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9 - 100, 100))
        with pytest.raises(OSError, match="the disk is full: a soul needs") as caught:
            home.save(soul_of(2))
    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in home.folder.iterdir()] == [NAME.format(1)]
    assert_same(home.newest(hush, set_aside=True), soul_of(1))
    home.save(soul_of(2))
    assert_same(home.newest(hush, set_aside=True), soul_of(2))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error")])
def test_a_disk_that_fills_up_while_saving(home: Caretaker, monkeypatch: pytest.MonkeyPatch, error: Exception):
    """Where the disk fills up in the middle of a save, the half soul is deleted, which makes room again."""
    home.save(soul_of(1))
    monkeypatch.setattr(caretaker_module, "save_file", Fuse(caretaker_module.save_file, 2, error))
    with pytest.raises(type(error)):
        home.save(soul_of(2))
    assert [path.name for path in home.folder.iterdir()] == [NAME.format(1)]
    assert_same(home.newest(hush, set_aside=True), soul_of(1))


# ---- which souls are kept ------------------------------------------------------------------------------------------

HALF_PAST = datetime(2026, 11, 20, 12, 30, tzinfo=UTC).timestamp()


def souls_aged(folder: Path, *minutes: float) -> None:
    """A row of souls; the first is the newest."""
    for i, age in enumerate(minutes):
        place = folder / NAME.format(1000 - i)
        place.mkdir(parents=True)
        os.utime(place, (HALF_PAST - 60 * age, HALF_PAST - 60 * age))


def kept_of(folder: Path, minutes: list[float], **rules: int) -> list[float]:
    keeper = Caretaker(folder, SoulSettings(**rules))
    souls_aged(folder, *minutes)
    names = {NAME.format(1000 - i): age for i, age in enumerate(minutes)}
    gone = keeper.prune(datetime.fromtimestamp(HALF_PAST))
    kept = [names.pop(place.name) for place in keeper.souls()]
    assert sorted(names) == sorted(gone)
    return kept


def test_the_last_ones_are_kept(tmp_path: Path):
    """keep_last alone keeps so many of the newest, however old; the newest is never deleted."""
    ages = [0, 60, 9999, 99_999, 999_999]
    assert kept_of(tmp_path / "three", ages, keep_last=3, keep_hours=0, keep_days=0) == [0, 60, 9999]
    assert kept_of(tmp_path / "one", ages, keep_last=1, keep_hours=0, keep_days=0) == [0]
    assert kept_of(tmp_path / "old", [999_999], keep_last=1, keep_hours=0, keep_days=0) == [999_999]


def test_one_an_hour(tmp_path: Path):
    """keep_hours keeps the newest soul of every hour of the clock, so far back; it is half past now."""
    ages = [0, 10, 20, 29, 31, 40, 95, 149, 152, 175, 185, 300]
    assert kept_of(tmp_path, ages, keep_last=1, keep_hours=3, keep_days=0) == [0, 31, 95, 152]


def test_one_a_day(tmp_path: Path):
    """keep_days keeps the newest soul of every day, so far back."""
    day = 24 * 60
    into_day = HALF_PAST % 86_400 / 60  # minutes since the day began
    ages = [0, 5, into_day - 1, into_day + 1, into_day + 60, into_day + day + 2, 2.9 * day, 3.1 * day, 9 * day]
    kept = kept_of(tmp_path, ages, keep_last=1, keep_hours=0, keep_days=3)
    assert kept[:3] == [0, into_day + 1, into_day + day + 2]
    assert set(kept[3:]) <= {2.9 * day}


def test_rules_add_up(tmp_path: Path):
    """A soul is kept if any rule holds it; a soul every twenty minutes for six days becomes a few dozen."""
    ages = [20.0 * i for i in range(3 * 24 * 6)]
    kept = kept_of(tmp_path, ages, keep_last=4, keep_hours=12, keep_days=5)
    hours = [0, *range(40, 12 * 60, 60)]  # it is half past: those at ten to are the last of their hour
    days = [age for age in ages if age % (24 * 60) == 760 and age < 5 * 24 * 60]  # at ten to midnight
    assert kept == sorted({0, 20, 40, 60, *hours, *days})


def test_pruning_again_changes_nothing(tmp_path: Path):
    """At the same hour a second pruning deletes nothing more."""
    keeper = Caretaker(tmp_path, SoulSettings())
    souls_aged(tmp_path, *[10.0 * i for i in range(150)])
    assert keeper.prune(datetime.fromtimestamp(HALF_PAST))
    assert keeper.prune(datetime.fromtimestamp(HALF_PAST)) == []


def test_a_clock_that_was_put_back(tmp_path: Path):
    """Souls dated in the future are kept like new ones, and none is deleted before its time."""
    assert kept_of(tmp_path, [-600, -60, 0, 10], keep_last=1, keep_hours=2, keep_days=0) == [-600, -60, 0]


def test_saving_prunes(tmp_path: Path):
    """After a save no more souls are there than the rules hold; set-aside and foreign folders are left alone."""
    keeper = Caretaker(tmp_path, SoulSettings(keep_last=2, keep_hours=0, keep_days=0))
    for name in ("damaged", "tokens", "conversations"):
        (tmp_path / name).mkdir()
    for step in range(5):
        keeper.save(soul_of(step))
    assert [place.name for place in keeper.souls()] == [NAME.format(4), NAME.format(3)]
    assert {path.name for path in tmp_path.iterdir() if path.name.isalpha()} == {"damaged", "tokens", "conversations"}


def test_now_is_now(tmp_path: Path):
    """Without a given time, ages are counted from the present."""
    keeper = Caretaker(tmp_path, SoulSettings(keep_last=1, keep_hours=1, keep_days=0))
    souls_aged(tmp_path, 0, 10)
    recent, old = (datetime.now() - timedelta(minutes=m) for m in (1, 61))
    for place, when in zip(keeper.souls(), (recent, old), strict=True):
        os.utime(place, (when.timestamp(), when.timestamp()))
    assert keeper.prune() == [NAME.format(999)]


def test_a_kill_while_pruning_leaves_nothing_that_is_taken_for_a_soul(tmp_path: Path, monkeypatch, caplog):
    """Wherever it dies while it deletes: what is left has another name at once, and goes, named, at the next lock."""
    keeper = Caretaker(tmp_path, SoulSettings(keep_last=1, keep_hours=0, keep_days=0))
    patient = Caretaker(tmp_path, PLENTY)
    patient.save(soul_of(1))
    patient.save(soul_of(2))
    deleted = []

    def die(place: Path, **_: Any) -> None:
        if Path(place).exists():
            (Path(place) / "brain.safetensors").unlink()
            deleted.append(place)
            raise Crash

    with monkeypatch.context() as moment:
        moment.setattr(caretaker_module.shutil, "rmtree", die)
        with pytest.raises(Crash):
            keeper.prune()
    assert deleted
    assert [place.name for place in keeper.souls()] == [NAME.format(2)]
    keeper.lock()
    assert leftovers(keeper) == []
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: {NAME.format(1)} was half deleted; the rest is deleted now."
    ]
    keeper.unlock()


@pytest.mark.parametrize("gone", FILES)
def test_half_an_old_soul_goes(home: Caretaker, gone: str):
    """One of which an earlier version was killed in the middle of deleting: named and deleted once a newer one woke,
    not by who only looks."""
    for step in (1, 2, 3):
        home.save(soul_of(step))
    (home.folder / NAME.format(1) / gone).unlink()
    assert_same(home.newest(hush, set_aside=False), soul_of(3))
    said: list[str] = []
    assert_same(home.newest(said.append, set_aside=True), soul_of(3))
    assert said == [f"{NAME.format(1)} is only half there, its deletion was broken off; the rest is deleted."]
    assert [place.name for place in home.souls()] == [NAME.format(3), NAME.format(2)]
    assert leftovers(home) == []


# ---- one baby per soul ---------------------------------------------------------------------------------------------

HOLD = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire(timeout=0)
print("held", flush=True)
sys.stdin.read()
"""


def test_two_babies_cannot_share_a_soul(home: Caretaker):
    """A second lock on the same folder is a Mistake with one line and the way out; after unlock it can be had."""
    home.lock()
    other = Caretaker(home.folder, PLENTY)
    with pytest.raises(Mistake, match=r"another baby is awake here\. .* --home DIR\.$") as caught:
        other.lock()
    assert str(home.folder) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    home.unlock()
    other.lock()
    other.unlock()


def test_not_even_from_another_process(home: Caretaker):
    """While another process holds the lock, locking is a Mistake; when that process dies, the soul is free."""
    home.folder.mkdir()
    command = [sys.executable, "-c", HOLD, str(home.folder / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(Mistake, match="another babyLLM is at work here just now"):
            home.lock()  # that other one said nothing of what it does
        other.kill()
    home.lock()
    home.unlock()


@pytest.mark.parametrize(
    ("doing", "words"), [("waking", "another baby is awake here"), ("reading", "a reading is under way here")]
)
def test_who_holds_the_lock_says_what_for(home: Caretaker, doing, words):
    """Only who is awake is called so; and nothing is left that could say it later."""
    home.lock(doing)
    other = Caretaker(home.folder, PLENTY)
    with pytest.raises(Mistake, match=words):
        other.lock()
    assert words in other.occupied()
    home.unlock()
    assert other.occupied() == ""
    (home.folder / "doing.json").write_text('"waking"')  # as a killed process leaves it
    other.lock("reading")
    assert "reading" in home.occupied()
    other.unlock()


def test_a_loser_tidies_nothing(home: Caretaker):
    """One who does not get the lock leaves unfinished work alone: it belongs to the other."""
    home.lock()
    (home.folder / f".unfinished-{NAME.format(9)}-4711").mkdir()
    with pytest.raises(Mistake):
        Caretaker(home.folder, PLENTY).lock()
    assert leftovers(home) == [f".unfinished-{NAME.format(9)}-4711"]
    home.unlock()


@pytest.mark.parametrize("name", ["lock", "doing.json"])
@pytest.mark.parametrize("what", ["folder", "link"])
def test_what_is_in_the_way_of_the_lock_is_set_aside(home: Caretaker, name: str, what: str):
    """A folder or a link to nowhere, under the name of the lock or of the note beside it, stops nobody from waking."""
    home.folder.mkdir(exist_ok=True)
    (home.folder / name).mkdir() if what == "folder" else (home.folder / name).symlink_to(home.folder / "away")
    home.lock()
    with pytest.raises(Mistake, match="another baby is awake here"):
        Caretaker(home.folder, PLENTY).lock()
    home.unlock()
    assert len(list(home.folder.glob(f"{name}.damaged-*"))) == 1


def test_on_a_full_disk_it_is_locked_all_the_same(home: Caretaker, monkeypatch: pytest.MonkeyPatch):
    """There is no room to note what for; who finds it locked hears less, and whoever has it can wake and talk. Any
    other error of the disk is a Mistake."""

    def refuse(code: int) -> None:
        def write(*_: object) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(caretaker_module, "write_state", write)

    refuse(errno.EIO)
    with pytest.raises(Mistake, match=os.strerror(errno.EIO)):
        home.lock()
    home.unlock()
    refuse(errno.ENOSPC)
    home.lock()
    with pytest.raises(Mistake, match="another babyLLM is at work here"):
        Caretaker(home.folder, PLENTY).lock()
    home.unlock()


def test_a_folder_that_cannot_be_one(tmp_path: Path):
    """Where the soul's folder cannot be made, locking is a Mistake of one line that names it."""
    (tmp_path / "soul").write_text("a file")
    with pytest.raises(Mistake, match=r"soul: can't be written \(File exists\)\.$"):
        Caretaker(tmp_path / "soul", PLENTY).lock()


# ---- nothing that runs when it is read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", sorted([*REPOSITORY.glob("school/**/*.py"), *REPOSITORY.glob("brain/**/*.py")]), ids=str
)
def test_nobody_pickles(file: Path):
    """No module of school/ or brain/ imports a pickle, or loads or saves through torch's or numpy's own."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & {"pickle", "cPickle", "dill", "marshal", "joblib", "shelve"}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {("torch", "load"), ("torch", "save"), ("np", "load")}
        if isinstance(node, ast.keyword):
            assert node.arg != "allow_pickle"
