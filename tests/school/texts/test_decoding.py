"""Whatever a person wrote, in whatever encoding, becomes text or a polite reason."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.texts.decoding import Unreadable, read_text
from school.texts.encodings import kind_of
from school.texts.mangled import unmangled
from school.texts.tokenizer import Tokenizer

DIARY = "Liebes Tagebuch, heute kam der Fuchs über die Brücke.\nEr aß süße Äpfel – für Käthe.\n"
PLAIN = "Dear diary, today the fox came back to the garden.\nShe was quiet, and so was I.\n"
FRENCH = "Cher journal, aujourd’hui le renard est revenu à la forêt. Ça va être l’été – à côté de l’œuf.\n"
TOKENIZER = Tokenizer.train([DIARY, PLAIN] * 5, vocabulary=320, minimum_frequency=2)
OTHER = Tokenizer.train([FRENCH] * 5, vocabulary=300, minimum_frequency=2)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0" + bytes(range(256)) * 8


@pytest.mark.parametrize("text", [DIARY, PLAIN, FRENCH, "狐狸看月亮。🦊\n", "a", ""])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\0\0\xfe\xff", "utf-32-be"),
    ],
)
def test_unicode_with_its_mark(text: str, mark: bytes, encoding: str):
    """UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with theirs, are read; the mark is no part of it."""
    assert read_text(mark + text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [PLAIN, DIARY, FRENCH, PLAIN * 500])
def test_utf_16_that_lost_its_mark(text: str, encoding: str):
    """UTF-16 in Latin letters is known by its zeros, also where plain letters make it valid UTF-8."""
    assert read_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (DIARY.replace("–", "-"), "latin-1"),
        (DIARY, "cp1252"),
        (FRENCH, "cp1252"),
        (FRENCH * 30, "cp1252"),
        ("Grüße", "latin-1"),
        ("“Hello” – it’s me…\n", "cp1252"),
        ("Kæra dagbók, í dag kom refurinn að ánni til að sjá tunglið.\n", "latin-1"),
        ("Здравствуй, дневник! Сегодня лиса пришла к реке посмотреть на луну.\n" * 3, "cp1251"),
        ("こんにちは、今日は天気がいいですね。狐は月を見ています。\n" * 3, "shift_jis"),
    ],
)
def test_yesterdays_encodings(text: str, encoding: str):
    """Files in Latin-1, cp1252 and other old encodings are read as they were written."""
    assert read_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (DIARY.encode() + "ü".encode()[:1], DIARY),
        (b"fox \xfc fox " + DIARY.encode() * 3, "fox ü fox " + DIARY * 3),
        (b"\xef\xbb\xbf" + DIARY.encode() + b"\xfc", DIARY + "ü"),
    ],
    ids=["cut off", "one foreign byte", "with a mark"],
)
def test_a_few_broken_bytes_do_not_turn_utf_8_into_babel(raw: bytes, text: str):
    """UTF-8 that is broken in a few places is read as UTF-8, each break as the older letter that it is."""
    assert read_text(raw) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_lines_from_windows(encoding: str):
    """CRLF line ends are read as plain ones, in every encoding."""
    assert read_text(DIARY.replace("\n", "\r\n").encode(encoding)) == DIARY


def test_lines_from_an_old_mac():
    """CR line ends in UTF-8 are read as plain ones."""
    assert read_text(b"one\rtwo\r\rthree\r\nfour\n") == "one\ntwo\n\nthree\nfour\n"


@pytest.mark.parametrize(
    "raw",
    [
        PNG,
        b"\0" * 1000,
        b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)) * 4,
        b"some words\0and some more",
        b"PK\x03\x04" + bytes(i * 7 % 256 for i in range(5000)),
        b"\xff\xfe" + b"\x00\xd8" * 20,  # UTF-16 that breaks
        b"\xff\xfe\0\0" + b"\xff" * 20,  # UTF-32 that breaks
    ],
)
def test_what_is_no_text(raw: bytes):
    """Pictures, archives, zeros and broken UTF-16 are Unreadable, with a one-line reason."""
    with pytest.raises(Unreadable, match=r"binary file|not plain text|nothing but zeros|but is none") as caught:
        read_text(raw)
    assert len(str(caught.value).splitlines()) == 1


@effort(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b"\0")
@example(b"\x80")
def test_any_bytes_are_text_or_unreadable(raw: bytes):
    """Whatever the bytes: a text without a CR LF and with a UTF-8 form, or Unreadable; never another error."""
    try:
        text = read_text(raw)
    except Unreadable:
        return
    assert "\r\n" not in text
    text.encode("utf-8")


@effort(max_examples=100, deadline=None)
@given(st.text(max_size=80).filter(lambda text: "\0" not in text and "\r" not in text))
def test_any_utf_8_text_is_read_as_it_is(text: str):
    """Any text without zeros and carriage returns comes back from UTF-8 as it was, but for a mark in front, the mark of
    DOS at its end, and what was mangled."""
    assume(not kind_of(text.encode()))
    assert read_text(text.encode()) == unmangled(text.removeprefix("\ufeff").removesuffix("\x1a"))[0]
