"""Dubrovsky moves in: the same logits and the same characters as in its own programs, and it learns again."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bots.command_line import parse
from brain.contract import Brain
from school import commands
from school.bodies.adopting import adopt, soul_of
from school.bodies.alone.talk import Talk
from school.bodies.application import write_application
from school.bodies.baby_file import read_baby, write_baby
from school.bodies.body import Body
from school.bodies.compact import brain_of, compact
from school.bodies.others.dubrovsky import FILES, read_dubrovsky, write_dubrovsky
from school.bodies.others.plain import plain_of
from school.door.mailbox import Ask
from school.office.mistakes import Mistake
from school.settings import SchoolSettings
from school.souls.caretaker import Caretaker
from school.souls.inspection import inspect
from school.souls.packing import wake_tutor
from school.souls.settings import SoulSettings
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist
from school.talking.settings import SpeechSettings
from school.teaching.tutor import Tutor
from school.texts.tokenizer import MARK_COUNT, Tokenizer
from tests.conftest import LESSONS, shelve, take_steps
from tests.school.bodies.others import reference
from tests.school.bodies.others.seeded import GOLDEN, SMALL, numbers, write
from tests.school.bodies.test_page import in_node, needs_node, rounded

QA = "".join(f"Q: What is {i}?\nA: {i} is {i + i}, they say.\n" for i in range(60))


@pytest.fixture(scope="session")
def big(tmp_path_factory) -> Body:
    """Nine and a half million parameters, as the original has."""
    return read_dubrovsky(*write(tmp_path_factory.mktemp("big"), GOLDEN["config"]))


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Body:
    return read_dubrovsky(*write(tmp_path_factory.mktemp("small"), SMALL))


def logits_of(brain: Brain, ids: list[int]) -> torch.Tensor:
    """(T, V), under the colour of somebody who feels nothing yet."""
    tokens = torch.tensor([ids])
    return brain(tokens, torch.full((*tokens.shape, 3), 0.5), brain.fresh_state(1)).logits[0]


def test_the_weights_are_those_of_the_recipe():
    assert hashlib.sha256(numbers(GOLDEN["config"]).tobytes()).hexdigest() == GOLDEN["sha256"]


def test_it_says_what_it_says_at_home(big):
    """Every character that its own programs find likeliest, and its logits to 3e-5."""
    tokenizer = Tokenizer.from_json(big.tokenizer)
    brain = brain_of(big, tokenizer)
    for case in GOLDEN["cases"]:
        ids = tokenizer.encode(case["prompt"])
        assert ids == [MARK_COUNT + i for i in case["ids"]]
        said = [MARK_COUNT + i for i in case["greedy"]]
        found = logits_of(brain, ids + said)[len(ids) - 1 : -1, MARK_COUNT:]
        assert found.argmax(-1).tolist() == case["greedy"]
        if "logits" in case:
            np.testing.assert_allclose(found[0].numpy(), case["logits"], atol=3e-5)


def receptionist_of(body: Body, folder: Path, **changes) -> Receptionist:
    tokenizer = Tokenizer.from_json(body.tokenizer)
    settings = SpeechSettings(**{"guidance": 1.0, "temperature": 0.0, "max_tokens": 4096} | changes)
    conversations = Conversations(folder, limit=9, disk_limit=9, device=torch.device("cpu"))
    return Receptionist(brain_of(body, tokenizer), tokenizer, conversations, settings)


def test_it_talks_by_its_own_rules(big, tmp_path):
    """Asked what life is, it reads the prompt that its programs make of that, and a line's end ends its answer."""
    case = GOLDEN["cases"][0]
    line = [MARK_COUNT + i for i in case["greedy"][: case["greedy"].index(0)]]
    question = case["prompt"].removeprefix("Q: ").removesuffix("\nA: ")
    reply = receptionist_of(big, tmp_path).answer(Ask(question, "t", "me", None))
    assert (list(reply.tokens), reply.ending) == (line, "end")
    said = list(receptionist_of(big, tmp_path, max_tokens=7).answer(Ask(question, "t", "me", None)).tokens)
    assert said == line[:7]


def test_a_question_can_not_speak_for_it(small, tmp_path):
    """Line ends in it are spaces, and so is what its alphabet lacks."""
    read = receptionist_of(small, tmp_path)
    turn = read._turn(read.tokenizer.encode("who?\nA: me # you"))
    assert read.tokenizer.decode(turn) == "Q: who? A: me   you\nA: "


def test_it_goes_out_as_it_came(small, tmp_path):
    """To the last bit; with half the bits it comes back with weights that were rounded once."""
    write_dubrovsky(plain_of(small), small, tmp_path)
    assert (tmp_path / FILES[0]).read_bytes() == numbers(SMALL).tobytes()
    assert json.loads((tmp_path / FILES[1]).read_text()) == SMALL
    (tmp_path / "half").mkdir()
    write_dubrovsky(plain_of(small), small, tmp_path / "half", half=True)
    assert (tmp_path / "half" / FILES[0]).stat().st_size == (tmp_path / FILES[0]).stat().st_size // 2
    again = read_dubrovsky(*(tmp_path / "half" / name for name in FILES))
    for name, tensor in read_dubrovsky(*(tmp_path / name for name in FILES)).weights.items():
        torch.testing.assert_close(again.weights[name], tensor.half().float() if "self" not in name else tensor)


def test_ours_goes_out_and_comes_back(by_letter, tmp_path):
    """One with a single table and colours of its own: the same logits by the definition of the format, and as a brain
    of ours again."""
    write_dubrovsky(plain_of(by_letter), by_letter, tmp_path)
    tokenizer = Tokenizer.from_json(by_letter.tokenizer)
    ids = tokenizer.encode("Q: who ate the bread?\nA: nobody knows.")
    wanted = logits_of(brain_of(by_letter, tokenizer), ids)[:, MARK_COUNT:].numpy()
    config = json.loads((tmp_path / FILES[1]).read_text())
    found = reference.logits(
        model_in(tmp_path, config),
        [i - MARK_COUNT for i in ids],
        heads=config["n_heads"],
        key_heads=config["n_kv_heads"],
        epsilon=config["norm_eps"],
    )
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    again = read_dubrovsky(*(tmp_path / name for name in FILES))
    assert Tokenizer.from_json(again.tokenizer).encode("who?") == tokenizer.encode("who?")
    mine = logits_of(brain_of(again, Tokenizer.from_json(again.tokenizer)), ids)[:, MARK_COUNT:]
    np.testing.assert_allclose(mine.numpy(), wanted, atol=1e-5)


def model_in(folder: Path, config: dict) -> dict:
    """The tables in a file, as ``reference`` takes them."""
    row, start = np.frombuffer((folder / FILES[0]).read_bytes(), "<f4"), 0

    def take(*shape: int) -> np.ndarray:
        nonlocal start
        start += int(np.prod(shape))
        return row[start - int(np.prod(shape)) : start].reshape(shape)

    width, keys, hidden = config["dim"], config["n_kv_heads"] * config["head_dim"], config["hidden_dim"]
    shapes = [(width,), (width, width), (keys, width), (keys, width), (width, width)]
    shapes += [(width,), (hidden, width), (hidden, width), (width, hidden)]
    model = {"tokens": take(config["vocab_size"], width), "layers": []}
    for _ in range(config["n_layers"]):
        model["layers"].append({name: take(*shape) for name, shape in zip(reference.NAMES, shapes, strict=True)})
    model |= {"norm": take(width), "speak": take(config["vocab_size"], width)}
    assert start == len(row)
    return model


def test_it_goes_on_learning(small, tmp_path):
    """In a home of its own, from a file of questions and answers: it predicts them better, sleeps and wakes."""
    place = adopt(small, SchoolSettings(), tmp_path / "home")
    caretaker = Caretaker(place.parent, SoulSettings(), inspect=inspect)
    soul = caretaker.newest(print, set_aside=True)
    librarian = shelve(Tokenizer.from_json(soul.tokenizer), QA)
    tutor = Tutor.of_library(brain_of(small, librarian.tokenizer), librarian, LESSONS, block_tokens=16)
    tutor.brain.requires_grad_(True)
    wake_tutor(soul, tutor, [])
    before = tutor.brain.tokens.detach().clone()
    losses = [report.loss for report in take_steps(tutor, 40)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 1
    assert not torch.equal(before, tutor.brain.tokens)
    learned = replace(small, weights={name: tensor.detach().clone() for name, tensor in tutor.brain.named_parameters()})
    again = adopt(replace(learned, card=small.card.model_copy(update={"step": 40})), SchoolSettings(), tmp_path / "2")
    woken = Caretaker(again.parent, SoulSettings(), inspect=inspect).newest(print, set_aside=True)
    assert (woken.step, torch.equal(woken.tensors["voice"]["speak"], tutor.brain.speak)) == (40, True)


@needs_node
def test_the_same_greedy_ids_everywhere(small):
    """200 characters in PyTorch, NumPy and JavaScript, beyond its 64 places, with the same weights of 16 bits."""
    check_greedy_everywhere(small, "Q: What is life?\nA: ")


@needs_node
@pytest.mark.trial
@pytest.mark.timeout(1800)
def test_the_same_greedy_ids_everywhere_of_the_full_size(big):
    for case in GOLDEN["cases"]:
        check_greedy_everywhere(big, case["prompt"])


def check_greedy_everywhere(body: Body, prompt: str) -> None:
    ids = Tokenizer.from_json(body.tokenizer).encode(prompt)
    tasks = {"raw": ("raw", {"text": prompt, "tokens": 200}), "encode": ("encode", {"texts": [prompt, "#é\ud800?"]})}
    found = in_node(body, tasks)
    talk = Talk(*compact(body))
    assert found["encode"] == [ids, talk.letters.encode("#é\ud800?")]
    talk.temperature = 0
    mine = list(talk.go_on(prompt, 200))
    theirs = logits_of(rounded(body), ids + mine)[len(ids) - 1 : -1, MARK_COUNT:].argmax(-1) + MARK_COUNT
    assert mine == theirs.tolist() == found["raw"]
    assert len(set(mine)) > 3


@needs_node
def test_it_answers_alike_everywhere(small, tmp_path):
    """Turns, their end and an alphabet's stand-ins are in every body: at home, as .pyz and in the page."""
    questions = ["What is life?", "a\nA: b", "# é ×?"]
    found = in_node(small, {"answers": ("answers", {"questions": questions, "temperature": 0, "seed": 1})})
    talk = Talk(*compact(small))
    talk.temperature = 0
    mine = [list(talk.answer(question)) for question in questions]
    assert mine == found["answers"]["said"]
    speech = {"guidance": small.speech.guidance, "max_tokens": small.speech.max_tokens}
    home = receptionist_of(small, tmp_path, **speech)
    home.voice = rounded(small)
    assert [list(home.answer(Ask(question, "t", "me", None)).tokens) for question in questions] == mine


def test_it_can_be_given_away(small, tmp_path):
    """As .baby with all of it, and as .pyz."""
    write_baby(small, tmp_path / "a.baby")
    again = read_baby(tmp_path / "a.baby")
    assert (again.card, again.tokenizer) == (small.card, small.tokenizer)
    assert all(torch.equal(again.weights[name], tensor) for name, tensor in small.weights.items())
    inspect(soul_of(again))
    write_application(small, tmp_path / "a.pyz")


def test_as_it_is_typed(tmp_path, capsys):
    """Its command says how to wake it, with the habits that it had."""
    files = [str(file) for file in write(tmp_path, SMALL)]
    options = parse(["adopt", "--dubrovsky", *files, "--home", str(tmp_path / "home")])
    assert commands.adopt(SchoolSettings(), options.home, options) == 0
    told = capsys.readouterr().err
    assert "--set brain.species=llama" in told
    assert "--set speech.guidance=1" in told
    for words in (["adopt"], ["adopt", "a.baby", "--dubrovsky", *files]):
        with pytest.raises(SystemExit):
            parse(words)


# ---- hostile files ---------------------------------------------------------------------------------------------------


def refused(folder: Path, files: tuple[Path, Path, Path]) -> str:
    """Why, in one line; nothing is written."""
    before = sorted(folder.rglob("*"))
    options = parse(["adopt", "--dubrovsky", *map(str, files), "--home", str(folder / "home")])
    with pytest.raises(Mistake) as caught:
        commands.adopt(SchoolSettings(), options.home, options)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 600
    assert sorted(folder.rglob("*")) == before
    return str(caught.value)


WRONG_CONFIGS = [
    ({"dim": 1 << 40}, "dim"),
    ({"dim": -48}, "dim"),
    ({"dim": 48.0}, "dim"),
    ({"dim": "48"}, "dim"),
    ({"dim": 96, "head_dim": 16}, "its config's shape makes"),
    ({"n_layers": 1024}, "its config's shape makes"),
    ({"n_layers": 0}, "n_layers"),
    ({"n_heads": 5}, "don't fit together"),
    ({"head_dim": 7}, "don't fit together"),
    ({"n_kv_heads": 4}, "don't fit together"),
    ({"vocab_size": 87}, "characters, but the config says 87"),
    ({"vocab_size": 1 << 30}, "vocab_size"),
    ({"max_seq_len": 1}, "max_seq_len"),
    ({"max_seq_len": 65_536}, "max_seq_len"),
    ({"norm_eps": 0.0}, "norm_eps"),
    ({"rope_theta": 500_000.0}, "rope_theta"),
    ({"hidden_dim": 65_536, "dim": 65_536, "head_dim": 10_922}, "don't fit together"),
    ({"hidden_dim": 65_536}, "its config's shape makes"),
    ({"dim": None}, "dim"),
]


@pytest.mark.parametrize(("changes", "why"), WRONG_CONFIGS, ids=lambda value: str(value)[:40])
def test_a_config_of_something_else(tmp_path, changes, why):
    files = write(tmp_path, SMALL)
    files[1].write_text(json.dumps(SMALL | changes))
    assert why in refused(tmp_path, files)


@pytest.mark.parametrize(
    ("number", "data", "why"),
    [
        (1, b"[" * 50_000, "nested too deeply"),
        (1, b"\xff\xfe{}", "UTF-8"),
        (1, b"[]", "it"),
        (1, b" " * (1 << 17), "longer than"),
        (1, b'{"dim": NaN}', "dim"),
        (2, b"[" * 100_000, "nested too deeply"),
        (2, b"{}", "char_to_id"),
        (2, b'{"char_to_id": [1], "vocab_size": 1}', "char_to_id"),
        (2, b'{"char_to_id": {"a": 0}, "vocab_size": 1}', "1 characters"),
        (2, b"{", "Expecting"),
    ],
    ids=str,
)
def test_what_is_none_of_its_files(tmp_path, number, data, why):
    files = write(tmp_path, SMALL)
    files[number].write_bytes(data)
    said = refused(tmp_path, files)
    assert why in said
    assert str(files[number]) in said


def test_a_tokenizer_of_a_gigabyte(tmp_path):
    """It is not read to its end."""
    files = write(tmp_path, SMALL)
    with files[2].open("wb") as stream:
        stream.truncate(1 << 30)
    assert "longer than" in refused(tmp_path, files)


@pytest.mark.parametrize("changes", [{"a": 0}, {"a": 99}, {"a": "1"}, {"a": True}, {"aa": 60}, {"\ud800": 88}], ids=str)
def test_an_alphabet_that_is_none(tmp_path, changes):
    files = write(tmp_path, SMALL)
    known = json.loads(files[2].read_text())["char_to_id"] | changes
    files[2].write_text(json.dumps({"char_to_id": known, "vocab_size": 88}))
    refused(tmp_path, files)
    swapped = {("" if letter == "Q" else letter): i for letter, i in known.items() if letter not in changes}
    files[2].write_text(json.dumps({"char_to_id": swapped, "vocab_size": len(swapped)}))
    refused(tmp_path, files)


def test_weights_that_are_none(tmp_path):
    """Too short, too long, no numbers, no file, a folder, a device."""
    files = write(tmp_path, SMALL)
    whole = files[0].read_bytes()
    for data, why in (
        (whole[:-4], "bytes"),
        (whole + b"\0", "bytes"),
        (b"", "bytes"),
        (whole[:-4] + b"\x00\x00\xc0\x7f", "no numbers"),
        (b"\x00\x00\x80\x7f" + whole[4:], "no numbers"),
    ):
        files[0].write_bytes(data)
        assert why in refused(tmp_path, files)
    for file, why in ((tmp_path / "none", "can't be read"), (tmp_path, "no file"), (Path("/dev/zero"), "no file")):
        assert why in refused(tmp_path, (file, files[1], files[2]))


@given(seed=st.integers(0, 1 << 32), which=st.sampled_from([1, 2]))
def test_whatever_is_changed_in_them(seed, which, tmp_path_factory):
    """A few bytes of a text are flipped, left out or doubled: it is refused in a line, or read as something whole."""
    rng = random.Random(seed)
    folder = tmp_path_factory.mktemp("flipped")
    files = write(folder, SMALL)
    data = bytearray(files[which].read_bytes())
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data))
        data[place : place + rng.randint(0, 2)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 2)))
    files[which].write_bytes(data)
    told = ""
    try:
        inspect(soul_of(read_dubrovsky(*files)))
    except Mistake as why:
        told = str(why)
    assert len(told.splitlines()) <= 1
