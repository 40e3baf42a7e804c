"""Conversations in a library."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.offline import open_file
from school.texts.survey import cut_of
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, PERSON, Tokenizer
from school.texts.turns import TURN, conversation_segments, encode_conversation, has_turns

DIARY = "Liebes Tagebuch, heute kam der Fuchs über die Brücke.\nEr aß süße Äpfel – für Käthe.\n"
PLAIN = "Dear diary, today the fox came back to the garden.\nShe was quiet, and so was I.\n"
FRENCH = "Cher journal, aujourd’hui le renard est revenu à la forêt. Ça va être l’été – à côté de l’œuf.\n"
TOKENIZER = Tokenizer.train([DIARY, PLAIN] * 5, vocabulary=320, minimum_frequency=2)
OTHER = Tokenizer.train([FRENCH] * 5, vocabulary=300, minimum_frequency=2)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0" + bytes(range(256)) * 8


def test_talk_is_told_from_tales():
    """A text is a conversation if it has lines that begin with you: and others that begin with baby:"""
    assert has_turns("you: hi\nbaby: hello\n")
    assert has_turns("a day\nyou:hi\n\nbaby:\n")
    assert not has_turns("you: hi\nyou: hello?\n")
    assert not has_turns("and you: hi\nmy baby: hello\nYourself: hi\nBabylon: hello\n")
    assert not has_turns("")


def test_turns_told_by_two_names():
    """As by looking at every line, whatever stands before the names, in capitals or not."""
    bits = ["you:", "Baby: ", "YOU: ", "baby:", "\n", "\n", "\u200e", "é ", "x", " ", "you", "İ"]
    rng, told = random.Random(1), 0
    for _ in range(2000):
        text = "".join(rng.choices(bits, k=rng.randint(0, 14))) * rng.choice((1, 1, 1, 1, 1, 1, 1, 900))
        assert has_turns(text) == (len({match[1].lower() for match in TURN.finditer(text)}) == 2)
        told += has_turns(text)
    assert told > 100


def test_turns_are_marked():
    """you: and baby: lines become marked turns; what is around them stays plain text, and empty lines vanish."""
    encode = TOKENIZER.encode
    ids = encode_conversation(TOKENIZER, "One day.\n\nyou: hi, fox \nbaby:hello\nyou:\nIt was late.\nbaby: bye")
    assert ids == [
        *encode("One day.\n"),
        *(PERSON, *encode("hi, fox"), END),
        *(BABY, *encode("hello"), END),
        *(PERSON, *encode("It was late."), END),
        *(BABY, *encode("bye"), END),
    ]


@effort(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["you: ", "baby: ", ""]), st.text(max_size=20))))
def test_every_turn_has_an_end(lines: list[tuple[str, str]]):
    """In an encoded conversation every speaker's mark is followed by one END before the next, and by nothing else."""
    ids = encode_conversation(TOKENIZER, "\n".join(who + text for who, text in lines))
    marks = [token for token in ids if token < MARK_COUNT]
    assert all(mark in (PERSON, BABY) for mark in marks[::2])
    assert all(mark == END for mark in marks[1::2])
    assert len(marks) % 2 == 0


def messages(text: str) -> list[str]:
    """The turns, and the plain text between them."""
    said, speaker = [], ""
    for segment in conversation_segments(text):
        if isinstance(segment, str):
            said.append(f"{speaker}{segment}")
        else:
            speaker = {PERSON: "you> ", BABY: "baby> ", END: ""}[segment]
    return said


def test_a_message_may_have_several_lines():
    """What stands below a turn belongs to it, empty lines too, where all of it is messages; marks that nobody sees hide
    no name, and only a line's end ends a line."""
    text = "\u200eyou: one\u2028two\x0bthree\x0cfour\x85five\nbaby: yes.\nThen tea.\n\nAnd soup.\n\ufeffyou: bye\n"
    assert has_turns(text)
    assert messages(text) == [
        "you> one\u2028two\x0bthree\x0cfour\x85five",
        "baby> yes.\nThen tea.\n\nAnd soup.",
        "you> bye",
    ]


def test_a_conversation_within_a_story():
    """There an empty line ends a turn."""
    text = "One day.\n\nyou: hi\nbaby: hello\nfox\n\nIt was late.\n \nyou: bye\n\nThe end.\n"
    assert messages(text) == ["One day.\n", "you> hi", "baby> hello\nfox", "It was late.\n", "you> bye", "The end.\n"]


def test_names_in_capitals():
    """Turns, as with small letters."""
    assert messages("You: hi\nBABY: hello\n") == ["you> hi", "baby> hello"]
    assert has_turns("You: hi\nBABY: hello\n")


def test_a_turn_is_not_cut_for_the_examination():
    """What is held out of a conversation begins with a turn."""
    text = "".join(f"you: how is it, {i}?\nbaby: well.\nVery well.\n" for i in range(50))
    cut = cut_of(text, 0.1, talk=True)
    assert text[cut:].startswith(("you: ", "baby: "))
    assert 0.05 < len(text[cut:]) / len(text) < 0.1


def test_turns_outside_the_library(tmp_path: Path):
    """A text that is read or scored has its turns marked as in the library."""
    file = tmp_path / "talk.txt"
    file.write_text("You: hi\nBaby: hello\nyou.\n")
    tokens, counts = open_file(file, TOKENIZER)
    assert tokens.tolist() == [DOCUMENT, *encode_conversation(TOKENIZER, file.read_text())]
    assert "ou:" not in TOKENIZER.decode(tokens.tolist())
    assert counts.all()
