"""Exporting: a folder with the newest voice in another program's format, and a card that says what it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from school.assembly import souls_of
from school.bodies.body import Body, body_of
from school.bodies.others.dubrovsky import write_dubrovsky
from school.bodies.others.gguf_file import write_gguf
from school.bodies.others.hugging_face import write_hugging_face
from school.bodies.others.llama2c import write_llama2c
from school.bodies.others.plain import Plain, plain_of
from school.bodies.sharing import listed_in_letters
from school.office.files import making_folder
from school.office.mistakes import Mistake
from school.offline import newest_soul
from school.settings import SchoolSettings
from school.texts.redaction import NAMES

Write = Callable[[Plain, Body, Path], None]

KINDS: dict[str, Write] = {
    "transformers": write_hugging_face,
    "llama2c": write_llama2c,
    "gguf": write_gguf,
    "dubrovsky": write_dubrovsky,
}
HOW = {
    "transformers": """\
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(FOLDER), AutoModelForCausalLM.from_pretrained(FOLDER)
    talk = [{"role": "user", "content": "what is soup?"}]
    asked = tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    print(tokenizer.decode(model.generate(**asked)[0]))
""",
    "llama2c": """\
    ./run model.bin -z tokenizer.bin -i "It rained"

It goes on from a text; it knows no talk there, for that program writes turns in another way. It has {places} tokens of
room, and no window that slides.
""",
    "gguf": """\
    llama-cli -m model.gguf

Within {places} tokens it is the same; that program's window doesn't slide.
""",
    "dubrovsky": """\
    dubrovsky.bin dubrovsky_config.json tokenizer.json

are laid out as those of the project Dubrovsky. Its program in C holds the widths as constants: it reads only the one
shape. It has {places} characters of room. Here they move in with `python wakeup.py adopt --dubrovsky`.
""",
}
CARD = """\
---
library_name: {library}
pipeline_tag: text-generation
license: other
tags: [babyllm]
---

# A babyLLM

{lines}

It grew on one person's writing. It knows no facts, and it can repeat what it learned by heart. Not in here: texts,
talk, names of people, and what it remembers beside its weights.

## How it is used

{how}
## What differs from home

- At home it reads every token under a colour, its self-state, which changes all the time. Here the colour is fixed
  (grey: nothing felt yet) and added to each token's vector.
- Answers at home count the question twice as much at their beginning, say less often what was just said, and heed what
  was told; none of that is here.
"""


def export(
    settings: SchoolSettings,
    home: Path,
    folder: Path,
    kind: str,
    licence: str,
    say: Callable[[str], None],
    *,
    half: bool = False,
) -> tuple[Body, dict[str, int]]:
    """Make a folder of the newest soul's voice, whole or not at all; returns what is in it and the files' sizes in
    bytes. Raises Mistake."""
    if half and kind != "dubrovsky":
        raise Mistake("--half: only the files of --dubrovsky can have 16 bits.")
    if os.path.lexists(folder):
        raise Mistake(f"{folder}: is there already; delete it, or name another folder.")
    body = body_of(newest_soul(souls_of(settings, home), say), settings, home, licence)
    plain = plain_of(body)
    if names := listed_in_letters(body, home):
        say(f"its letters hold names from your {NAMES}, for everybody to read: {', '.join(names)}.")
    write = partial(write_dubrovsky, half=half) if kind == "dubrovsky" else KINDS[kind]
    try:
        with making_folder(folder) as unfinished:
            write(plain, body, unfinished)
            (unfinished / "README.md").write_text(card_of(plain, body, kind), encoding="utf-8")
        return body, {file.name: file.stat().st_size for file in sorted(folder.iterdir())}
    except OSError as error:
        raise Mistake(f"{folder}: can't be written ({error.strerror}).") from None


def card_of(plain: Plain, body: Body, kind: str) -> str:
    """What everybody may know of it, in Markdown."""
    lines = "\n".join(f"- {line}" for line in body.card.lines())
    return CARD.format(library=kind, lines=lines, how=HOW[kind].replace("{places}", f"{plain.places:,}"))
