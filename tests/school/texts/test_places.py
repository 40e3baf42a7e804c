"""Where texts are: each once, and what is left out is named."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from school.texts.decoding import Unreadable
from school.texts.original import open_file
from school.texts.places import Source, find_files, gather_sources
from school.texts.survey import look_at
from school.texts.tokenizer import Tokenizer

DIARY = "Liebes Tagebuch, heute kam der Fuchs über die Brücke.\nEr aß süße Äpfel – für Käthe.\n"
PLAIN = "Dear diary, today the fox came back to the garden.\nShe was quiet, and so was I.\n"
FRENCH = "Cher journal, aujourd’hui le renard est revenu à la forêt. Ça va être l’été – à côté de l’œuf.\n"
TOKENIZER = Tokenizer.train([DIARY, PLAIN] * 5, vocabulary=320, minimum_frequency=2)
OTHER = Tokenizer.train([FRENCH] * 5, vocabulary=300, minimum_frequency=2)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0" + bytes(range(256)) * 8


def test_what_is_on_the_shelf(tmp_path: Path):
    """Files with a text's suffix, in any case and at any depth, sorted by path; hidden files and folders are not."""
    wanted = ["b.txt", "A.TXT", "notes.md", "z/deep/er/c.text", "a/d.markdown", "a/..e.txt", "spaces and ü/f g.txt"]
    unwanted = ["picture.png", "noend", ".hidden.txt", ".git/x.txt", "a/.cache/y.txt", "x.txt.bak", "txt"]
    for name in wanted + unwanted:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a fox")
    (tmp_path / "folder.txt").mkdir()
    wanted.remove("a/..e.txt")
    assert find_files(tmp_path).files == sorted(tmp_path / name for name in wanted)


def test_shelves_that_are_not_there(tmp_path: Path):
    """An empty folder, and one that does not exist, hold no files."""
    assert find_files(tmp_path).files == []
    assert find_files(tmp_path / "nowhere").files == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed(tmp_path: Path):
    """A linked folder is part of the shelf, under the link's name."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.txt").write_text("a fox")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "near").symlink_to(tmp_path / "far")
    assert find_files(tmp_path / "shelf").files == [tmp_path / "shelf" / "near" / "a.txt"]


def test_what_apps_keep_for_themselves(tmp_path: Path):
    """A vault's templates, and Logseq's settings and copies, are nobody's writing; elsewhere such names are folders."""
    vault = library(tmp_path / "vault", "note.md", "Templates/day.md", ".obsidian/app.json", "logseq/config.edn")
    library(vault, "logseq/bak/old.md", "__MACOSX/note.md", "pages/logseq/talk.md", "letters/templates/b.txt")
    assert names(vault) == ["letters/templates/b.txt", "note.md", "pages/logseq/talk.md"]


# ---- which are learned from ------------------------------------------------------------------------------------------


def library(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    ("own", "use", "names"),
    [
        ((), "auto", ["starter/hello.txt"]),
        ((), "always", ["starter/hello.txt"]),
        ((), "never", []),
        (("diary.txt",), "auto", ["diary.txt"]),
        (("diary.txt",), "always", ["diary.txt", "starter/hello.txt"]),
        (("diary.txt",), "never", ["diary.txt"]),
        (("starter/old.txt",), "auto", ["starter/hello.txt"]),
        (("picture.png",), "auto", ["starter/hello.txt"]),
        (("2024/may/diary.md", "a.txt"), "auto", ["2024/may/diary.md", "a.txt"]),
    ],
)
def test_when_the_starter_shelf_is_used(tmp_path: Path, own: tuple[str, ...], use: str, names: list[str]):
    """auto: only until there is writing of one's own; always; never. A starter folder at home is not one's own."""
    home, starter = library(tmp_path / "home", *own), library(tmp_path / "shipped", "hello.txt")
    sources, _ = gather_sources(home, [], starter, use)
    assert [source.name.replace("\\", "/") for source in sources] == names
    assert all(source.path.exists() for source in sources)


def test_further_folders(tmp_path: Path):
    """Texts of further folders come behind one's own, under the folder's name, and make the starter shelf
    unnecessary."""
    home, starter = library(tmp_path / "home"), library(tmp_path / "starter", "hello.txt")
    letters, notes = library(tmp_path / "letters", "b.txt", "to/ann.md"), library(tmp_path / "notes", "b.txt")
    sources, _ = gather_sources(home, [letters, notes], starter, "auto")
    assert sources == [
        Source(letters / "b.txt", str(Path("letters/b.txt"))),
        Source(letters / "to" / "ann.md", str(Path("letters/to/ann.md"))),
        Source(notes / "b.txt", str(Path("notes/b.txt"))),
    ]
    library(tmp_path / "home", "own.txt")
    assert [source.name for source in gather_sources(home, [notes], starter, "auto")[0]][0] == "own.txt"


def test_a_further_folder_given_from_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A further folder given as a dot goes by its real name."""
    monkeypatch.chdir(library(tmp_path / "letters", "b.txt"))
    home = library(tmp_path / "home")
    assert [source.name for source in gather_sources(home, [Path()], home, "never")[0]] == [str(Path("letters/b.txt"))]


# ---- what is no file, or can't be reached -----------------------------------------------------------------------


def names(folder: Path, **more) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in find_files(folder, **more).files]


def test_links_in_a_circle(tmp_path: Path):
    """Links to folders above, beside and to itself: each file once, by its own name."""
    shelf = library(tmp_path / "library", "diary.txt", "notes/b.txt", "z/c.txt")
    (shelf / "a").symlink_to("..")
    (shelf / "b").symlink_to("../library")
    (shelf / "notes" / "again").symlink_to(".")
    (shelf / "0").symlink_to("z")
    library(tmp_path / "other", "d.txt")
    assert names(shelf) == ["a/other/d.txt", "diary.txt", "notes/b.txt", "z/c.txt"]


def test_a_link_round_in_a_circle_is_named(tmp_path: Path):
    """Links to each other, and to nowhere, are left out by name."""
    shelf = library(tmp_path / "library", "diary.txt")
    (shelf / "x.txt").symlink_to("y.txt")
    (shelf / "y.txt").symlink_to("x.txt")
    (shelf / "gone.txt").symlink_to("nowhere")
    (shelf / "gone").symlink_to("nowhere")
    found = find_files(shelf)
    assert [path.name for path in found.files] == ["diary.txt"]
    assert found.skipped.keys() == {"x.txt", "y.txt", "gone.txt", "gone"}
    assert all(why.startswith("it can't be opened (") for why in found.skipped.values())


@pytest.mark.skipif(os.name == "nt", reason="POSIX has these")
def test_what_is_no_file_is_named_and_never_waited_for(tmp_path: Path):
    """A named pipe, a socket, a device or a folder that is called like a text: not a file."""
    shelf = library(tmp_path / "library", "diary.txt", "real.txt/inside.txt")
    os.mkfifo(shelf / "pipe.txt")
    (shelf / "endless.txt").symlink_to("/dev/zero")
    (shelf / "folder.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        place = os.open(shelf, os.O_RDONLY)
        door.bind(f"/proc/self/fd/{place}/socket.txt")  # a path of its own may be too long for a socket
        os.close(place)
        found = find_files(shelf)
    assert [path.name for path in found.files] == ["diary.txt", "inside.txt"]
    assert found.skipped == dict.fromkeys(["endless.txt", "folder.txt", "pipe.txt", "socket.txt"], "not a file")
    for name in ("pipe.txt", "endless.txt"):  # it was a file a moment ago
        with pytest.raises(Unreadable, match="not a file"):
            open_file(shelf / name)


def test_a_folder_that_can_not_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is below it can't be learned, and that is said."""
    shelf = library(tmp_path / "library", "diary.txt")
    monkeypatch.chdir(shelf)
    part = "x" * 250
    for _ in range(20):  # deeper than any path may be
        Path(part).mkdir()
        os.chdir(part)
    Path("deep.txt").write_text("deep")
    found = find_files(shelf)
    assert [path.name for path in found.files] == ["diary.txt"]
    assert [why.startswith("it can't be opened (") for why in found.skipped.values()] == [True]


def test_names_that_are_no_text(tmp_path: Path):
    """Bytes that are no UTF-8, and what a terminal would obey, are shown escaped."""
    shelf = tmp_path / "library"
    shelf.mkdir()
    for raw in (b"caf\xe9.txt", b"\x1b]0;mine\x07.txt", "Käthe – 狐.txt".encode()):
        Path(os.fsdecode(os.fsencode(shelf) + b"/" + raw)).write_text("hello")
    sources, _ = gather_sources(shelf, [], shelf, "never")
    shown = ["\\x1b]0;mine\\x07.txt", "caf\\xe9.txt", "Käthe – 狐.txt"]
    assert sorted(source.name for source in sources) == sorted(shown)
    assert all(source.name.encode() and source.path.read_text() == "hello" for source in sources)


def test_a_file_larger_than_any_text(tmp_path: Path):
    """A sparse file of 16 GB is refused by its size, without being read."""
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(16_000_000_000)
    (found,) = look_at([Source(huge, "huge.txt")])
    assert found.unreadable == "too large: 16.0 GB; texts have 0.5 GB at most"


def test_a_home_inside_the_notes(tmp_path: Path):
    """The home's own record, letters and souls are no texts, whichever way they are come to."""
    notes = library(
        tmp_path / "notes", "a.txt", "baby/statistics/letters/w.md", "baby/soul/x.txt", "baby/library/b.txt"
    )
    home = notes / "baby"
    sources, _ = gather_sources(home / "library", [notes], notes, "never", home=home)
    assert [source.name for source in sources] == ["b.txt", "notes/a.txt"]
    sources, _ = gather_sources(home / "library", [home], notes, "never", home=home)
    assert [source.name for source in sources] == ["b.txt"]
