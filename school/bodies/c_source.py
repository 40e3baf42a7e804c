"""A ``.c``: one file of C with everything in it, for whoever has a compiler.

It is put together from the parts in ``native/`` and the loops of the resident brain (``brain/ops/*.h``), in the order
in which they need one another, and tables made here: what its tokens are, which characters are letters, and the weights
in base64, which compilers read in a tenth of the time of as many numbers.
"""

from __future__ import annotations

import base64
import math
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from unicodedata import category

import brain
from brain.contract import Brain
from brain.species.interneuron import InterneuronBrain
from brain.species.interneuron_step import parameters, sizes
from school.bodies.alone.chat import HELP
from school.bodies.body import Body
from school.bodies.compact import brain_of, classes, compact, extend
from school.office.files import write_whole
from school.office.foreign import visible
from school.texts.tokenizer import Tokenizer

PARTS, OPS = Path(__file__).with_name("native"), Path(brain.__file__).parent / "ops"
BEFORE = ("types.h",)  # the tables
BEHIND = ("weights.h",)
SPECIES = {"interneuron": ("numbers.h", "words.h", "step.h", "interneuron.h"), "llama": ("numbers.h", "llama.h")}
LETTERS = {"byte pairs": "byte_pairs.h", "characters": "alphabet.h"}
LAST = ("choosing.h", "sentences.h", "form.h", "talk.h", "chat.h", "main.h")
ROW, GROUP = 3000, 6  # bytes of weights a line (LETTERS_A_ROW in weights.h), and of whole numbers in whole letters
CHUNK = 256  # characters of which some may be hidden
WIDEST = 100  # characters of a line of numbers
HEAD = """\
/* A babyLLM that speaks. To make a program of it:

       cc -O3 -march=native baby.c -o baby -lm      gcc or clang on Linux, macOS or MinGW
       cl /O2 /arch:AVX2 baby.c                     Visual Studio

   Without -march=native or /arch the program runs on other machines of its kind, too, only slower; ARM needs neither.
   Its letters and weights are at the beginning, how it thinks and speaks is behind them: ./baby --help. The program is
   under the MIT licence, like the one in which it grew up; what you may do with the weights its card says: --about. */
"""


def write_source(body: Body, file: Path) -> None:
    """Raises OSError, or Mistake for what has no room in 16 bits; then nothing is there."""
    write_whole(file, source_of(body))


def source_of(body: Body) -> str:
    """The whole text. Raises Mistake for weights that have no room in 16 bits."""
    said, numbers = compact(body)
    mind = brain_of(body, Tokenizer.from_json(body.tokenizer))
    parts = [HEAD, _part("system.h"), *map(_part, BEFORE)]
    parts += [
        *_settings(said, mind),
        *_letters(said),
        *_characters(by_pairs="merges" in said["letters"]),
        *_weights(said, mind, numbers),
    ]
    letters = LETTERS[said["letters"]["kind"]]
    parts += map(_part, (*BEHIND, *SPECIES[said["config"]["species"]], "characters.h", letters, *LAST))
    return "\n".join(parts)


def _part(name: str) -> str:
    """A part's text, without the lines that would include others, which stand before it already."""
    folder = PARTS if (PARTS / name).exists() else OPS
    return re.sub(r'^#include ".*"\n', "", (folder / name).read_text("utf-8"), flags=re.MULTILINE)


# ---- tables ----------------------------------------------------------------------------------------------------------


def _settings(said: dict[str, Any], mind: Brain) -> Iterator[str]:
    """Its shape, how it speaks, and its card."""
    speech, habits, marks = said["speech"], said["habits"], said["marks"]
    whole = {
        "VOCABULARY": len(said["letters"]["pieces"]),
        "MARKS": marks["count"],
        "END": marks["end"],
        **{name.upper(): speech[name] for name in ("max_tokens", "question_tokens", "repetition_window", "top_k")},
        "TAIL": habits["tail"],
        "FORMED": int(bool(said["marked"])),
        **_shape(said["config"], mind),
    }
    yield "enum {\n" + "".join(f"    {name} = {value},\n" for name, value in whole.items()) + "};"
    reals = {name.upper(): speech[name] for name in ("temperature", "calibration", "top_p", "guidance")}
    reals |= {name.upper(): habits[name] for name in ("guided", "long", "pull", "spelled")}
    reals |= {"PENALTY": speech["repetition_penalty"], "FAR_LESS": habits["far"]}
    yield "".join(f"#define {name} {float(value)!r}\n" for name, value in reals.items())
    yield f"#define NEUTRAL {float(habits['neutral'])!r}f"
    if isinstance(mind, InterneuronBrain):
        yield _table("float KEPT", (f"{kept!r}f" for kept in habits["kept"]))
    else:
        yield f"#define NORM_EPSILON {mind.norm.eps!r}f"
    yield "#define HELP " + _text(HELP.replace("%", "%%").replace("{temperature:g}", "%g").replace("{tokens}", "%ld"))
    yield "static const char *const ABOUT[] = {" + ", ".join(map(_text, said["about"])) + "};"


def _shape(config: dict[str, Any], mind: Brain) -> dict[str, int]:
    names = ("EMBED_WIDTH", "NEURONS", "WINDOWS", "LONGEST", "BOTTLENECK", "MEMORY_WIDTH", "THOUGHT_WIDTH")
    names += ("SELF_WIDTH", "GATES", "POSITIONS_KNOWN", "MARKS", "ONE_SPAN", "ECHO")
    if isinstance(mind, InterneuronBrain):
        return dict(zip(names, sizes(mind)[1:], strict=True)) | {"WORD_MEMORY": int(config["word_memory"])}
    shape = {name.upper(): config[name] for name in ("layers", "heads", "key_heads", "embed_width")}
    shape |= {"CONTEXT_TOKENS": config["context"], "FEED_WIDTH": config["hidden_width"]}
    return shape | {"TIED": int(mind.speak is None), "SELF_WIDTH": mind.self_state.layers[0].out_features}


def _letters(said: dict[str, Any]) -> Iterator[str]:
    """What tokens are made of, how a turn begins and what no answer begins with, and how a text becomes tokens."""
    marks, pieces = said["marks"], [piece.encode("latin-1") for piece in said["letters"]["pieces"]]
    yield _table("unsigned char PIECES", b"".join(pieces))
    yield _table("long PIECE_AT", accumulate(map(len, pieces), initial=0))
    yield _table("int AS_PERSON", marks["person"])
    yield _table("int AS_BABY", marks["baby"])
    yield _table("uint16_t NO_BEGINNING", said["no_beginning"])
    for name in ("marked", "final", "begun", "goes_on", "lines"):
        yield _table(f"uint16_t {name.upper()}", said[name] or [0])  # a mark, which is never said
    known = {piece: i for i, piece in enumerate(pieces) if i >= marks["count"]}
    if said["letters"]["kind"] == "characters":
        letters = sorted((ord(piece.decode()), i) for piece, i in known.items())
        yield _table("Letter ALPHABET", (f"{{{code},{i}}}" for code, i in letters))
        yield f"enum {{ UNKNOWN = {said['letters']['unknown']} }};"
    else:
        yield from _merges(said["letters"]["merges"], pieces, known)


def _merges(merges: list[list[int]], pieces: list[bytes], known: dict[bytes, int]) -> Iterator[str]:
    """Which byte is which token, and which pairs are joined, sorted."""
    yield _table("uint16_t FIRST", (known[bytes([byte])] for byte in range(256)))
    rows = [(*pair, rank, known[pieces[pair[0]] + pieces[pair[1]]]) for rank, pair in enumerate(merges)]
    yield f"enum {{ MERGE_COUNT = {len(rows)} }};"
    yield _table("Merge MERGES", (f"{{{','.join(map(str, row))}}}" for row in sorted(rows) or [(0, 0, 0, 0)]))


def _characters(*, by_pairs: bool) -> Iterator[str]:
    """Characters of some kinds: as the tokenizer has them, as Python has them, and what is not shown."""
    found = {name.upper(): ranges for name, ranges in classes().items() if name != "spaces" or by_pairs}
    for name, ranges in (found | _kinds()).items():
        yield _table(f"Range {name}", (f"{{{first},{last}}}" for first, last in ranges))


@cache
def _kinds() -> dict[str, list[list[int]]]:
    """Ranges of characters that Python takes for blanks, digits and punctuation, and of those that are not shown as
    they are."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    found = {
        name: [[run.start(), run.end() - 1] for run in re.finditer(kind, every)]
        for name, kind in (("BLANKS", r"\s+"), ("DIGITS", r"\d+"))
    }
    marks: list[list[int]] = []
    for code in (code for code, character in enumerate(every) if category(character)[0] == "P"):
        extend(marks, code, code)
    hidden: list[list[int]] = []
    for start in range(0, len(every), CHUNK):
        chunk = every[start : start + CHUNK]
        if visible(chunk) != chunk:
            for code in (start + i for i, character in enumerate(chunk) if visible(character) != character):
                extend(hidden, code, code)
    return found | {"PUNCTUATION": marks, "UNSEEN": hidden}


def _weights(said: dict[str, Any], mind: Brain, numbers: bytes) -> Iterator[str]:
    """Where each parameter lies, in the order in which the brain's part in C names them, and all of them."""
    places = (said["weights"].get(name, (0, [0])) for name in _order(mind))
    sized = ((start, math.prod(shape)) for start, shape in places)
    yield _table("Place PLACES", (f"{{{start},{count}}}" for start, count in sized))
    numbers += bytes(-len(numbers) % GROUP)
    rows = (base64.b64encode(numbers[start : start + ROW]).decode() for start in range(0, len(numbers), ROW))
    yield f"static const char WEIGHTS[][{ROW // 3 * 4 + 1}] = {{\n" + ",\n".join(f'"{row}"' for row in rows) + "};"


def _order(mind: Brain) -> list[str]:
    names = {id(parameter): name for name, parameter in mind.named_parameters()}
    if isinstance(mind, InterneuronBrain):
        found = [names[id(parameter)] for parameter in parameters(mind)]
        return found + ["words.weight", "words.gate.weight", "words.gate.bias"] * ("words.weight" in names.values())
    first = ["tokens", "token_norm.weight", "speak"]
    return first + [name for name in names.values() if name not in first]


# ---- C ---------------------------------------------------------------------------------------------------------------


def _table(name: str, values: Iterable[Any]) -> str:
    lines, line = [], ""
    for value in values:
        if len(line) > WIDEST:
            lines.append(line)
            line = ""
        line += f"{value},"
    return f"static const {name}[] = {{\n" + "\n".join([*lines, line]) + "\n};"


def _text(text: str) -> str:
    """A string of C. Question marks are written out, too: two of them would begin another character."""
    plain = {byte for byte in range(32, 127) if chr(byte) not in '"\\?'}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'
