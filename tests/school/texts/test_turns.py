"""Conversations in a library."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from school.texts.tokenizer import BABY, END, MARK_COUNT, PERSON, Tokenizer
from school.texts.turns import encode_conversation, has_turns

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
