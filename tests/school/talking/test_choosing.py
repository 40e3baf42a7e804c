"""Choosing a token: what the parts of it make of each other."""

from __future__ import annotations

import torch

from school.door.mailbox import Ask
from school.door.values import ME, Manner
from school.talking.choosing import Chooser
from school.talking.form import Form
from school.talking.settings import SpeechSettings
from school.talking.speaking import Speaking
from school.talking.topic import Topic


def test_a_word_of_the_question_waits_for_the_end_of_the_one_that_is_begun(tokenizer):
    """In the middle of a word that clearly goes on it does not come in its place, however much it is pulled; where the
    word may end, it does. One that is begun itself is gone on with."""
    encode = tokenizer.encode
    first = next(token for token in range(tokenizer.size) if tokenizer.token_bytes(token) == b"t")
    rest = next(token for token in range(tokenizer.size) if tokenizer.token_bytes(token) == b"h")
    (dot,), way = encode("."), tuple(encode(" moon"))
    topics = [Topic("moon", (way,), 1.0)]
    chooser = Chooser(tokenizer, SpeechSettings(take_up=6.0, top_k=1), Form(tokenizer, 40), torch.device("cpu"))

    def chosen(said: list[int], logits: dict[int, float]) -> int:
        speaking = Speaking(Ask("?", "here", ME, None, manner=Manner(temperature=0.0)), torch.Generator(), ME)
        speaking.said = said
        given = torch.full((1, tokenizer.size), -20.0)
        for token, logit in logits.items():
            given[0, token] = logit
        return int(chooser.choose([speaking], given, [topics], warmth=1.0, penalty=0.0, guard=None))

    assert chosen([first], {rest: 8.0, way[0]: 5.0}) == rest
    assert chosen([first], {rest: 8.0, dot: 8.0, way[0]: 5.0}) == way[0]
    assert chosen([first, *way[:1]], {rest: 8.0, way[1]: 5.0}) == way[1]
