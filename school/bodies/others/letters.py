"""Our tokenizers in the words of others: the marks have names, and each id its place."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Regex, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as AnyTokenizer

from school.texts.characters import STAND_IN, Characters
from school.texts.tokenizer import BABY, DOCUMENT, END, MARK_COUNT, MARKS, PERSON, Tokenizer

NAMES = tuple(f"<|{mark.strip('<>')}|>" for mark in MARKS)
PAD = MARKS.index("<spare1>")  # one that nobody says


def names_of(tokenizer: Tokenizer) -> list[str]:
    """Each id's name: a mark's, or the letters that stand for its bytes in byte-level vocabularies; a character's is
    itself."""
    if isinstance(tokenizer, Characters):
        return [*NAMES, *tokenizer.alphabet]
    known = json.loads(tokenizer.to_json())["model"]["vocab"]
    return [*NAMES, *sorted(known, key=known.get)]


def merges_of(tokenizer: Tokenizer) -> list[list[str]]:
    """Of byte pairs, in the order in which they were learned."""
    return json.loads(tokenizer.to_json())["model"]["merges"]


def hugging_face_json(tokenizer: Tokenizer) -> str:
    """A ``tokenizer.json`` that gives our ids. Marks are special in it: whoever writes their names into a text says
    them."""
    said = _characters(tokenizer) if isinstance(tokenizer, Characters) else json.loads(tokenizer.to_json())
    said["model"]["vocab"] = {name: i for i, name in enumerate(names_of(tokenizer))}
    about = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    said["added_tokens"] = [{"id": i, "content": name, **about} for i, name in enumerate(NAMES)]
    return json.dumps(said, ensure_ascii=False, indent=1)


def _characters(letters: Characters) -> dict[str, Any]:
    unknown = letters.stand_in or STAND_IN
    made = AnyTokenizer(models.WordLevel({unknown: 0}, unk_token=unknown))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    made.decoder = decoders.Fuse()
    return json.loads(made.to_str())


def chat_template(tokenizer: Tokenizer) -> str:
    """How a conversation is written, in Jinja: each turn as ours are, the assistant's cue where one is wanted."""

    def spelled(mark: int) -> str:
        return "".join(NAMES[i] if i < MARK_COUNT else tokenizer.decode([i]) for i in tokenizer.mark(mark))

    person, baby, end = (json.dumps(spelled(mark)) for mark in (PERSON, BABY, END))
    said = f"message['content'] | replace({end}, ' ')" if tokenizer.by_letter else "message['content']"
    return (
        "{% for message in messages %}"
        f"{{{{ ({baby} if message['role'] == 'assistant' else {person}) + ({said}) + {end} }}}}"
        "{% endfor %}{% if add_generation_prompt %}{{ " + baby + " }}{% endif %}"
    )


def unsaid(tokenizer: Tokenizer) -> list[int]:
    """The marks that stand in no answer."""
    return [i for i in range(MARK_COUNT) if i != tokenizer.end]


def special(tokenizer: Tokenizer) -> dict[str, int]:
    """Ids with a purpose, by the names that others give them."""
    return {"bos_token_id": DOCUMENT, "eos_token_id": tokenizer.end, "pad_token_id": PAD}
