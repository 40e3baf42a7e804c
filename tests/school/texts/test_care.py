"""What is done to texts before they are learned, from the file to what is taught."""

from __future__ import annotations

from pathlib import Path

from school.settings import SchoolSettings
from school.texts.care import Care
from school.texts.cleaning.settings import CleaningSettings
from school.texts.facts import Facts
from school.texts.places import Source
from school.texts.redaction.settings import RedactionSettings
from school.texts.survey import look_at, survey, without

PARAGRAPH = (
    "The old harbour was quiet that morning, and only two boats had come back with the tide, both of them empty but "
    "for a coil of rope, a lantern, and the dog that everybody in the street calls the captain for no reason I know."
)


def care(home: Path, **changes) -> Care:
    return Care.of(SchoolSettings(**changes), home)


def taught(folder: Path, how: Care, **texts: str) -> tuple[list[str], dict[str, str]]:
    sources = []
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
        sources.append(Source(folder / f"{name}.txt", f"{name}.txt", Facts(), how))
    found = survey(look_at(sources), 0)
    return [found.parts(number)[0] for number in range(len(sources))], found.notes


def test_nobodys_business_is_not_learned(tmp_path: Path):
    """What is taught of a file has neither an address nor curly quotes, the same address is always the same stand-in,
    and the file itself stays as it is."""
    text = "She wrote \u201ccome soon\u201d to anna.b@example.org.\nanna.b@example.org never wrote back.\n"
    (said,), _ = taught(tmp_path, care(tmp_path), diary=text)
    assert "example" not in said
    assert 'She wrote "come soon" to ' in said
    stand_ins = {line.split(" to ")[-1].split(" never")[0].strip(". \n") for line in said.splitlines()}
    assert len(stand_ins) == 1
    assert (tmp_path / "diary.txt").read_text() == text


def test_nothing_hides_it(tmp_path: Path):
    """Neither an entity, nor an unseen character, nor a curly apostrophe in a listed name."""
    (tmp_path / "names.txt").write_text("O'Hara\n")
    text = "anna&#64;example.org, or 07\u200b911 123456, said O\u2019Hara.\n"
    (said,), _ = taught(tmp_path, care(tmp_path), diary=text)
    assert not any(part in said for part in ("example", "911", "Hara"))


def test_all_of_it_can_be_switched_off(tmp_path: Path):
    off = {"cleaning": CleaningSettings(rules=(), near_copies=False), "redaction": RedactionSettings(kinds=())}
    text = "\u201ccome soon\u201d, anna.b@example.org\n"
    (said,), _ = taught(tmp_path, care(tmp_path, **off), diary=text)
    assert said == text


def test_what_texts_say_again_is_left_out(tmp_path: Path):
    """An edited copy of a paragraph in another text is taught once, and that is told; what stands around it stays."""
    edited = PARAGRAPH.replace("two boats", "three boats").replace("lantern", "lamp")
    long = f"{PARAGRAPH}\n\n" + "\n".join(f"On day {n} I wrote another line of my own, number {n}." for n in range(40))
    both, notes = taught(tmp_path, care(tmp_path), one=long, two=f"A letter to you.\n\n{edited}\n\nWith love.\n")
    assert both[0] == long
    assert both[1].split() == ["A", "letter", "to", "you.", "With", "love."]
    assert "1 left out that stand elsewhere in nearly the same words" in notes["two.txt"]


def test_other_care_means_other_tokens(tmp_path: Path):
    """What the tokens of a file depend on changes with the rules, the kinds and the listed names, so that none are kept
    of another; of names it tells nothing."""
    keys = [care(tmp_path).key, care(tmp_path, cleaning=CleaningSettings(rules=("quotes",))).key]
    (tmp_path / "names.txt").write_text("Mordecai\n")
    keys.append(care(tmp_path).key)
    assert len({str(key) for key in keys}) == 3
    assert "Mordecai" not in str(keys)


def test_ranges_without_others():
    assert without([(0, 10), (20, 30)], [(2, 4), (8, 22), (29, 40)]) == [(0, 2), (4, 8), (22, 29)]
    assert without([(0, 10)], [(0, 10)]) == []
    assert without([(0, 10)], []) == [(0, 10)]
