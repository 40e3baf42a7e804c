"""Whatever encoding a person's writing is in, its own letters are learned; what was damaged is mended and told."""

from __future__ import annotations

import functools
import random
import struct
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from school.texts.encodings import Decoded, Unreadable, decode, shown
from school.texts.mangled import unmangled
from tests.school.texts.paragraphs import PARAGRAPHS

SHARED = next((up / "shared" for up in Path(__file__).resolve().parents if (up / "shared").is_dir()), Path("shared"))
CASES, CORPORA = SHARED / "cases" / "encodings", SHARED / "corpora"

ALL, WEST, CENTRE = (
    list(PARAGRAPHS),
    ["en", "de", "fr", "es", "pt", "it", "sv", "fi", "is"],
    ["pl", "cs", "hu", "ro", "hr", "sl", "de"],
)
BALTIC, CYRILLIC = ["et", "lv", "lt"], ["ru", "uk", "bg"]
ONE_BYTE = {
    **dict.fromkeys(("cp1252", "iso8859-1", "iso8859-15", "mac_roman", "cp850"), WEST),
    "cp437": ["en", "de", "fr", "es", "it", "sv", "fi"],
    **dict.fromkeys(("cp1250", "iso8859-2", "cp852"), CENTRE),
    **dict.fromkeys(("cp1251", "iso8859-5"), CYRILLIC),
    "koi8-r": ["ru"],
    "koi8-u": ["uk", "ru"],
    "cp866": ["ru", "bg"],
    **dict.fromkeys(("cp1253", "iso8859-7"), ["el"]),
    **dict.fromkeys(("cp1254", "iso8859-9", "iso8859-3"), ["tr"]),
    **dict.fromkeys(("cp1255", "iso8859-8"), ["he"]),
    **dict.fromkeys(("cp1256", "iso8859-6"), ["ar"]),
    **dict.fromkeys(("cp1257", "iso8859-13", "iso8859-4"), BALTIC),
    "iso8859-10": ["is", "fi", "sv", "et"],
    "iso8859-11": ["th"],
    "iso8859-14": ["cy"],
    "iso8859-16": ["ro", "pl", "hu"],
    "cp1258": ["vi"],
}
OTHERS = {
    **dict.fromkeys(("shift_jis", "cp932", "euc_jp", "iso2022_jp"), ["ja"]),
    **dict.fromkeys(("euc_kr", "cp949", "iso2022_kr"), ["ko"]),
    "gb18030": ["zh-cn", "zh-tw", "ja"],
    "big5": ["zh-tw"],
    **dict.fromkeys(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"), ALL
    ),
}
TYPED = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "…": "..."})
AFTER = "The rain kept to the window and the kettle kept to itself.\n"


def typed(language: str, encoding: str) -> str:
    """The paragraph as somebody types it where only ``encoding`` is to be had."""
    text = PARAGRAPHS[language]
    if encoding == "cp1258":  # tones are marks of their own there
        text = "".join(c if _fits(c, encoding) else _toned(c) for c in text.translate(TYPED))
    elif not _fits(text, encoding):
        text = text.translate(TYPED)
    return "".join(c for c in text if _fits(c, encoding))


def _fits(text: str, encoding: str) -> bool:
    return text.encode(encoding, "ignore").decode(encoding) == text


def _toned(letter: str) -> str:
    base, *marks = unicodedata.normalize("NFD", letter)
    marks.sort(key=lambda mark: mark not in "\u0302\u0306\u031b")
    stem = unicodedata.normalize("NFC", base + marks[0])
    return stem + "".join(marks[1:]) if _fits(stem, "cp1258") else base + "".join(marks)


def samples(language: str, encoding: str, size: int) -> list[str]:
    """Texts of at most ``size`` bytes: three from one paragraph, or the paragraph again and again."""
    text = typed(language, encoding)
    starts = (0, 100, 200)
    if size > 200:
        text, starts = (text + "\n") * 40, (0,)
    return [part for start in starts if not (part := _at_most(text[start:], encoding, size)).isascii()]


def _at_most(text: str, encoding: str, size: int) -> str:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(text[:middle].encode(encoding)) <= size else (low, middle - 1)
    return text[:low]


@functools.cache
def table(size: int) -> dict[tuple[str, str], tuple[int, int, list[Decoded]]]:
    """For each encoding and language: how many samples were right, how many there are, and the wrong answers."""
    rows = {}
    for encoding, languages in (ONE_BYTE | OTHERS).items():
        for language in languages:
            texts = samples(language, encoding, size)
            answers = [(decode(text.encode(encoding)), text) for text in texts]
            wrong = [answer for answer, text in answers if answer.text != text]
            rows[encoding, language] = (len(texts) - len(wrong), len(texts), wrong)
    return rows


def share(rows, encodings) -> float:
    chosen = [(right, total) for (encoding, _), (right, total, _) in rows.items() if encoding in encodings]
    return sum(right for right, _ in chosen) / sum(total for _, total in chosen)


def missed(rows) -> str:
    """The table's rows that are not all right, to read where a test fails."""
    lines = [
        f"{encoding} {language}: {right}/{total} {[(w.encoding, w.sure) for w in wrong]}"
        for (encoding, language), (right, total, wrong) in rows.items()
        if wrong
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(("size", "aim"), [(200, 0.95), (2000, 0.99)])
def test_one_byte_a_character(size, aim):
    """Encodings x languages of one byte a character: the share of texts that come out letter for letter."""
    assert share(table(size), ONE_BYTE) >= aim, missed(table(size))


@pytest.mark.parametrize("size", [200, 2000])
def test_more_bytes_a_character(size):
    """UTF-8, 16 and 32 with and without marks are never mistaken; East Asian encodings are but for one in a hundred."""
    rows = table(size)
    assert share(rows, {encoding for encoding in OTHERS if encoding.startswith("utf")}) == 1, missed(rows)
    assert share(rows, {encoding for encoding in OTHERS if not encoding.startswith("utf")}) >= 0.95, missed(rows)


def test_what_is_wrong_is_unsure():
    """Of 2 kB, no wrong answer of one byte a character says that it is sure; and few answers say that they are not."""
    rows = table(2000)
    assert not [w for (encoding, _), row in rows.items() if encoding in ONE_BYTE for w in row[2] if w.sure], missed(
        rows
    )
    texts = [text.encode(e) for e, languages in ONE_BYTE.items() for one in languages for text in samples(one, e, 2000)]
    assert Counter(decode(text).sure for text in texts)[False] < 0.15 * len(texts)


@pytest.mark.parametrize("encoding", [*ONE_BYTE, "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "utf-8"])
def test_the_first_accent_comes_late(encoding):
    """66 kB of plain English before the rest changes nothing, in lines or in a single one."""
    language = (ONE_BYTE | OTHERS)[encoding][0]
    for before in (AFTER * 1150, AFTER.replace("\n", " ") * 1150):
        text = before + typed(language, encoding)
        assert decode(text.encode(encoding)).text == text, decode(text.encode(encoding)).note


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
def test_the_shared_cases():
    found = sorted(CASES.glob("*.txt"))
    assert found
    for file in found:
        assert decode(file.read_bytes()).text == file.with_suffix(".expected-utf8").read_text("utf-8"), file.name


def test_the_same_bytes_are_the_same_text():
    data = typed("cs", "cp1250").encode("cp1250")
    assert {decode(data) for _ in range(3)} == {decode(data)}
    assert decode(data).encoding == "cp1250"
    assert decode(data).note == "" or decode(data).note == "read as Windows-1250, unsure"


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize("times", [1, 10])
def test_english_that_has_only_quotes(encoding, times):
    """Where quotes, apostrophes and dashes are all that is no ASCII, they are read as such."""
    apostrophes = "I don’t know why she wouldn’t stay. It’s late, we’re tired, but nobody’s asleep. He isn’t well. "
    quotes = "“Come in,” she said. “It is cold.” He laughed – a short laugh – and sat down… The kettle sang. "
    for text in (apostrophes * times, quotes * times, (quotes + apostrophes) * times):
        assert decode(text.encode(encoding)).text == text


def test_one_accent_is_no_greek():
    """A single letter beside Latin ones is a Latin one."""
    assert decode(b"caf\xe9 " + b"au lait\n" * 30).text.startswith("café au")


def test_an_uncertain_one_says_so():
    assert decode(b"caf\xe9").note == "read as Windows-1252, unsure"
    assert decode("café".encode()) == Decoded(text="café", encoding="utf-8", sure=True, repaired=0, note="")


# ---- mixtures --------------------------------------------------------------------------------------------------------

MIXED = ["fr cp1252", "de iso8859-1", "ru cp1251", "ru koi8-r", "ru cp866", "cs cp1250", "el cp1253", "he cp1255"]
MIXED += ["fr mac_roman", "en cp1252", "ja shift_jis", "ja euc_jp", "zh-cn gb18030", "ko euc_kr"]


@pytest.mark.parametrize("mixture", MIXED)
def test_only_the_foreign_part_is_foreign(mixture):
    """A line, or half of the lines of a UTF-8 file, in an older encoding."""
    language, encoding = mixture.split()
    lines = [
        sentence + "\n" for sentence in typed(language, encoding).replace("。", "。\n").replace(". ", ".\n").split("\n")
    ] * 3
    for foreign in ({1}, set(range(len(lines) // 2))):
        data = b"".join(line.encode(encoding if i in foreign else "utf-8") for i, line in enumerate(lines))
        answer = decode(data)
        assert answer.text == "".join(lines)
        assert answer.encoding == "utf-8"
        told = sum(not lines[i].isascii() for i in foreign)
        assert answer.repaired >= told
        assert f"part{'s' * (answer.repaired != 1)} in " in answer.note


def test_a_single_foreign_letter():
    text = PARAGRAPHS["fr"]
    answer = decode(text[:50].encode() + "é".encode("cp1252") + text[50:].encode())
    assert answer.text == text[:50] + "é" + text[50:]
    assert answer.note == "read as UTF-8, 1 part in Windows-1252"


def test_a_file_appended_to_one_in_utf8():
    """Also where little of it was UTF-8: those few lines were mangled then, and are mended."""
    first, rest = PARAGRAPHS["fr"].split(". ")[0] + "\n", typed("fr", "cp1252")
    answer = decode(first.encode() + rest.encode("cp1252"))
    assert answer.text == first + rest
    assert answer.repaired


@pytest.mark.parametrize(
    ("encoding", "cut"), [("utf-8", 1), ("utf-8", 2), ("cp932", 1), ("gb18030", 1), ("utf-16-le", 1)]
)
def test_cut_in_the_middle_of_a_character(encoding, cut):
    """What stops in the middle of its last character loses that one, and says so."""
    text = PARAGRAPHS["ja" if encoding != "gb18030" else "zh-cn"]
    answer = decode(text.encode(encoding)[:-cut])
    assert answer.text == text[:-1]
    assert answer.repaired == 1
    assert answer.note


def test_a_broken_byte_does_not_change_the_rest():
    """One byte that can't be there takes nothing else with it, and no other encoding in its place."""
    for language, encoding, bad in (("ja", "cp932", b"\x81"), ("fr", "cp1252", b"\x81"), ("zh-cn", "gb18030", b"\xff")):
        text = typed(language, encoding) + "\n"
        answer = decode(text.encode(encoding) + bad + b"\n" + text.encode(encoding))
        assert answer.text.replace("\n", "") == (text + text).replace("\n", "")
        assert answer.note.endswith("1 byte that made no character left out")


# ---- mangled once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mangled", "right"),
    [
        ("dÃ©jÃ vu", "déjà vu"),
        ("un dÃ©jÃ\xa0 vu", "un déjà vu"),
        ("l'Å“uvre", "l'œuvre"),
        ("Itâ€™s nice", "It’s nice"),
        ("GrÃ¼ÃŸe", "Grüße"),
        ("РџСЂРёРІРµС‚, РєР°Рє РґРµР»Р°", "Привет, как дела"),
        ("dÃƒÂ©jÃƒÂ ", "déjà "),
        ("Ã  la gare\ndÃ©jÃ vu", "à la gare\ndéjà vu"),
    ],
)
def test_mangled_text_is_mended(mangled, right):
    answer = decode(mangled.encode())
    assert answer.text.split() == right.split()
    lines = len(right.split("\n"))
    assert answer.note == f"read as UTF-8, {lines} line{'s' * (lines > 1)} decoded wrongly once and repaired"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_whole_paragraphs_are_mended(encoding):
    for language, text in PARAGRAPHS.items():
        try:
            mangled = text.encode().decode(encoding)
        except UnicodeDecodeError:
            continue
        assert unmangled(mangled) == (text, 1), language


def test_correct_text_is_left_alone():
    """In no language, as it is or in capitals, nor where such letters stand by themselves."""
    for language, text in PARAGRAPHS.items():
        for shape in (text, text.upper(), text.title(), text.translate(TYPED)):
            assert unmangled(shape) == (shape, 0), language
    for text in (
        *("MANHÃ É BOA", "AMANHÃ À TARDE", "A letra Ã tem til", "Ã e Õ são letras", "IRMÃ ÚNICA", "À LA CARTE «DÉJÀ»"),
        *(
            "¡Ñ! ¿Ó?",
            "Ångström ‰",
            "–É isso—",
            "ÂGE «Â » ÊTRE",
            "ПРИВЕТ “МИР”",
            "µ±2° ½",
            "n’était, l’été",
            "VILLE DE ÉVÊQUE…",
        ),
    ):
        assert unmangled(text) == (text, 0)


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not here")
@pytest.mark.parametrize("name", ["pepys-1660-1661.txt", "shakespeare.txt"])
def test_whole_books_are_left_alone(name):
    data = (CORPORA / name).read_bytes()
    assert decode(data) == Decoded(text=data.decode("utf-8-sig"), encoding="utf-8", sure=True, repaired=0, note="")


# ---- zeros, lost characters, what is no text -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16-le", "utf-16"])
def test_zeros_at_the_end(encoding):
    """What a crash left is dropped and told; text of two bytes a character is not mistaken for it, nor it for that."""
    answer = decode(PARAGRAPHS["fr"].encode(encoding) + bytes(4096))
    assert answer.text == PARAGRAPHS["fr"]
    assert f"{2048 if '16' in encoding else 4096:,} zeros left out" in answer.note


def test_zeros_in_the_middle():
    text = PARAGRAPHS["fr"] + "\n"
    answer = decode(text.encode() + bytes(4096) + text.encode())
    assert answer.text == text + text
    assert answer.repaired == 4096


def test_nothing_but_zeros():
    with pytest.raises(Unreadable, match="nothing but zeros"):
        decode(bytes(4096))


def test_little_or_nothing():
    for data, text in ((b"", ""), (b"\xef\xbb\xbf", ""), (b"a", "a"), (b"Bush hid the facts", "Bush hid the facts")):
        assert decode(data) == Decoded(text=text, encoding="utf-8", sure=True, repaired=0, note="")
    assert decode("Hi you\n".encode("utf-16-le")).text == "Hi you\n"


def test_the_end_mark_of_dos():
    assert decode(typed("fr", "cp850").encode("cp850") + b"\x1a").text == typed("fr", "cp850")


def test_colours_of_a_terminal_are_no_encoding():
    assert decode(b"\x1b[1mhello\x1b[0m").text == "\x1b[1mhello\x1b[0m"


def test_lost_characters_are_told():
    """U+FFFD is never learned without a word."""
    assert (
        decode("sch\ufffdn und gro\ufffd".encode()).note
        == "read as UTF-8, 2 characters lost before it came here (U+FFFD)"
    )


def test_no_answer_invents_lost_characters():
    """Whatever bytes come, no U+FFFD is in the text that was not in them."""
    chance = random.Random(7)
    texts = [text.encode(encoding) for encoding in ("utf-8", "cp932") for text in (PARAGRAPHS["ja"], AFTER)]
    texts.append(typed("fr", "cp1252").encode("cp1252"))
    for _ in range(200):
        data = bytearray(chance.choice(texts))
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(1, 256)
        try:
            assert "\ufffd" not in decode(bytes(data)).text
        except Unreadable:
            continue


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
        (b"{\\rtf1\\ansi\\deff0 Hello}", "RTF"),
        (b"PK\x03\x04\x14\0\x06\0", "a zip archive or an Office document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (b"GIF89a\x01\0\x01\0\0\0\0", "a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", "a picture, a sound or a film"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "a film, a sound or a picture"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "a gzip archive"),
        (b"SQLite format 3\0\x10\0", "a database"),
        (b"\x7fELF\x02\x01\x01\0", "a program"),
    ],
)
def test_what_is_no_text_is_named(beginning, kind):
    with pytest.raises(Unreadable, match=f"it is {kind}, not plain text"):
        decode(beginning)


def test_nameless_binary_files_are_refused():
    chance = random.Random(1)
    for data in (
        chance.randbytes(20_000),
        chance.randbytes(300),
        bytes(chance.randrange(128, 256) for _ in range(3000)),
        struct.pack("<2000f", *(chance.gauss(0, 1) for _ in range(2000))),
        struct.pack("<2000i", *range(2000)),
        struct.pack("<2000h", *(int(chance.gauss(0, 1000)) for _ in range(2000))),
    ):
        with pytest.raises(Unreadable, match="binary"):
            decode(data)


def test_text_that_begins_like_a_binary_file():
    for text in ("BM was here, and so was I", "ID3 is a tag", "MZ was his name", "RIFF-raff"):
        assert decode(text.encode()).text == text


def test_encodings_are_called_as_people_call_them():
    names = {"cp1250": "Windows-1250", "cp850": "code page 850", "mac-roman": "Mac Roman", "iso8859-2": "ISO 8859-2"}
    names |= {"koi8-r": "KOI8-R", "utf-16-le": "UTF-16-LE", "euc_jp": "EUC-JP", "gb18030": "GB18030", "utf-8": "UTF-8"}
    assert {name: shown(name) for name in names} == names
