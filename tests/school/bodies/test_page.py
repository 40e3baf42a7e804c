"""The page: its JavaScript against the definitions in Python, in one process of node, and the file itself."""

from __future__ import annotations

import base64
import json
import random
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brain.contract import Brain
from brain.species.llama_config import LlamaConfig
from school.bodies.alone.choosing import Choosing
from school.bodies.alone.talk import Talk
from school.bodies.body import Body
from school.bodies.compact import brain_of, compact, tables
from school.bodies.html_page import SOURCES, WORKER, write_page
from school.door.mood import mood
from school.texts.brackets import OPENERS, may_end, waiting
from school.texts.sentences import ends_sentence
from school.texts.tokenizer import Tokenizer
from tests.conftest import make_brain
from tests.school.talking.test_form import REFUSED, check_form, ends, of_tokens

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(
    NODE is None, reason="node is not installed, and the page's numbers are looked at in it"
)
PROMPTS = ("the cat sat", "Soup! 👩‍🚀 猫が好き é\n\n", "a")
QUESTIONS = ["who sat on the mat?", "", "and the soup 👩‍🚀?", "tomorrow we walk to the sea. " * 4]
TEXTS = [
    *PROMPTS, *QUESTIONS, "I'll  they're\t\n  x", "\x1c\x85\u00a0 ²Ⅷ ʰ 12,345 \ud800!", "ababab" * 40, "猫が好き" * 40,
    *("".join(map(chr, random.Random(i).choices(range(0x3000), k=40))) for i in range(40)),
    *("".join(random.Random(i).choices("the cat's mat é'  \n", k=40)) for i in range(40)),
]  # fmt: skip
SENTENCES = [
    "It is.",
    "Dr.",
    "on the 15.",
    'he said "no."',
    "no",
    "猫。",
    "I saw Ann.",
    "so!?  ",
    "A.\n",
    "x.)",
    "Ärz.",
]
MARKED, LISTED = 'a1é_猫 .:;-()[]{}“”„«»"「」『』\x1c\ufffd—☺', "a1_é (.)"
BRACKETS = ["".join(random.Random(i).choices((MARKED, LISTED)[i % 2], k=i % 13)) for i in range(3000)]
LOGITS = np.random.default_rng(1).normal(size=40) * 2
HOWS = [(0, 0, 1.0, 0.5), (0.7, 5, 1.0, 0.3), (1.3, 0, 0.6, 0.0), (1, 1, 1, 2)]


def lives() -> list[tuple[list, list]]:
    """Colours and losses of all kinds."""
    rng = np.random.default_rng(3)
    found = []
    for count in (3, 8, 9, 40, 40, 40, 40, 40, 40, 40, 40, 40):
        slope, level = rng.normal(size=4)[:, None] * np.linspace(-0.2, 0.2, count), rng.uniform(0.2, 0.6, (4, 1))
        rows = np.clip(level + slope + rng.normal(size=(4, count)) * 0.05, 0, 1)
        found.append((rows[:3].T.tolist(), (5 * rows[3]).tolist()))
    return found


def how_in_js(how: tuple) -> dict[str, float]:
    return dict(zip(("temperature", "topK", "topP", "penalty"), how, strict=True))


def in_node(body: Body, tasks: dict[str, tuple]) -> dict[str, Any]:
    """What node finds, all of it at once, by the tasks' names."""
    said, numbers = compact(body)
    given = {"said": said, "weights": base64.b64encode(numbers).decode(), "tasks": list(tasks.values())}
    given["sources"] = [str(SOURCES / name) for name in WORKER[:-1]]
    script = str(Path(__file__).with_name("page_in_node.js"))
    run = subprocess.run([NODE, script], input=json.dumps(given), capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return dict(zip(tasks, json.loads(run.stdout), strict=True))


@pytest.fixture(scope="module")
def found(body) -> dict[str, Any]:
    ids = [Tokenizer.from_json(body.tokenizer).encode(prompt) for prompt in PROMPTS]
    tasks = {
        f"greedy {prompt}": ("greedy", {"ids": one, "tokens": 200}) for prompt, one in zip(PROMPTS, ids, strict=True)
    }
    tasks["answers"] = ("answers", {"questions": QUESTIONS, "temperature": 0, "seed": 1})
    tasks |= {f"seed {i}": ("answers", {"questions": QUESTIONS, "seed": seed}) for i, seed in enumerate((5, 5, 6))}
    tasks["encode"] = ("encode", {"texts": TEXTS})
    tasks["sentences"] = ("sentences", {"texts": SENTENCES})
    tasks["waiting"] = ("waiting", {"texts": BRACKETS})
    tasks["may end"] = ("mayEnd", {"texts": BRACKETS})
    tasks["moods"] = ("moods", {"lives": lives()})
    tasks["gelu"] = ("gelu", {"x": np.linspace(-8, 8, 999).tolist()})
    tasks["halves"] = ("halves", {})
    tasks["stopped"] = ("stopped", {"question": "the cat", "after": 3})
    common = {"logits": LOGITS.tolist(), "recent": [3, 3, 7, 9], "forbidden": [0, 1, 2], "ending": 4, "times": 3000}
    tasks |= {f"drawn {how}": ("drawn", common | {"how": how_in_js(how)}) for how in HOWS}
    return in_node(body, tasks)


def rounded(body: Body) -> Brain:
    """The definition with the weights of 16 bits."""
    brain = brain_of(body, Tokenizer.from_json(body.tokenizer))
    halves = {name: tensor.half().float() for name, tensor in tables(brain).items()}
    for name, parameter in brain.named_parameters():
        parameter.copy_(halves.get(name, torch.zeros_like(parameter)))
    return brain


@pytest.fixture(scope="module")
def llama(body, tokenizer) -> Body:
    """A body of the other species, whose weights are as random as a newborn's."""
    config = LlamaConfig(vocabulary=300, embed_width=16, layers=2, heads=4, key_heads=2, hidden_width=24, context=12)
    weights = {name: tensor.detach() for name, tensor in make_brain(tokenizer, config=config).named_parameters()}
    return replace(body, config=asdict(config), weights=weights)


@needs_node
@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_same_greedy_ids(body, found, prompt):
    check_greedy(body, found[f"greedy {prompt}"], prompt)


@needs_node
def test_the_same_greedy_ids_of_a_llama(llama):
    """Beyond its context, too."""
    prompt = PROMPTS[1]
    task = {"ids": Tokenizer.from_json(llama.tokenizer).encode(prompt), "tokens": 200}
    check_greedy(llama, in_node(llama, {"greedy": ("greedy", task)})["greedy"], prompt)


def check_greedy(body: Body, got: dict[str, Any], prompt: str) -> None:
    """Two hundred tokens: after its own words and colours the definition would say the same."""
    ids = Tokenizer.from_json(body.tokenizer).encode(prompt)
    tokens = [*ids, *got["said"][:-1]]
    colours = [[0.5] * 3] * len(ids) + got["colours"][:-1]
    brain = rounded(body)
    out = brain(torch.tensor([tokens]), torch.tensor([colours]), brain.fresh_state(1))
    theirs = out.logits[0, len(ids) - 1 :].numpy()
    np.testing.assert_allclose(got["logits"], theirs, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(got["colours"], out.pixels[0, len(ids) - 1 :].numpy(), atol=1e-4)
    assert np.array(got["logits"]).argmax(-1).tolist() == theirs.argmax(-1).tolist()


@needs_node
def test_it_answers_like_the_small_body(body, found):
    """Which answers like the resident; guidance, penalty and rules of beginning and ending included."""
    talk = Talk(*compact(body))
    talk.temperature = 0
    assert found["answers"]["said"] == [list(talk.answer(question)) for question in QUESTIONS]
    np.testing.assert_allclose(found["answers"]["pixel"], talk.pixel, atol=1e-4)
    assert found["seed 0"] == found["seed 1"] != found["seed 2"]


@needs_node
def test_it_closes_what_the_small_body_closes(quoting):
    talk = Talk(*compact(quoting))
    talk.temperature = 0
    task = {"questions": QUESTIONS, "temperature": 0, "seed": 1}
    said = in_node(quoting, {"answers": ("answers", task)})["answers"]["said"]
    assert said == [list(talk.answer(question)) for question in QUESTIONS]
    assert any(OPENERS & set(talk.letters.decode(one)) for one in said)


@needs_node
def test_the_same_letters(body, found):
    tokenizer = Tokenizer.from_json(body.tokenizer)
    for text, ids in zip(TEXTS, found["encode"], strict=True):
        assert ids == tokenizer.encode(text), ascii(text)


@needs_node
def test_the_same_rules(found):
    """Where a sentence ends, what is still open, how it feels, and what numbers are."""
    assert found["sentences"] == [ends_sentence(text) for text in SENTENCES]
    assert found["waiting"] == [waiting(text) for text in BRACKETS]
    assert found["may end"] == [may_end(text) for text in BRACKETS]
    moods = [mood([tuple(colour) for colour in colours], losses).word for colours, losses in lives()]
    assert found["moods"] == moods
    assert len(set(moods)) > 3
    x = torch.linspace(-8, 8, 999, dtype=torch.float64)
    np.testing.assert_allclose(found["gelu"], torch.nn.functional.gelu(x).numpy(), atol=1e-6)
    bits = np.arange(1 << 16, dtype=np.uint16)
    halves = np.where((bits >> 10) & 31 == 31, 0, bits.view(np.float16).astype(np.float64))
    np.testing.assert_array_equal(found["halves"], halves)


@needs_node
def test_what_may_not_come(marking, marked_letters):
    """And whatever is likely, an answer of one to some tokens says something."""
    rows = [[*of_tokens(marked_letters, said, token), most] for said, token, most, _ in REFUSED]
    tasks = {"refuses": ("refuses", {"rows": rows})}
    tasks |= {str(i): ("answers", {"questions": ["hi"] * 3, "seed": i, "longest": i}) for i in range(1, 21)}
    said, logits, ended = ends(marked_letters)
    tasks["ends"] = ("ends", {"rows": [[one, row] for one, row in zip(said, logits.tolist(), strict=True)]})
    found = in_node(marking, tasks)
    assert found.pop("refuses") == [refused for *_, refused in REFUSED]
    np.testing.assert_allclose(found.pop("ends"), ended.numpy(), atol=1e-5)
    for longest, answers in found.items():
        for said in answers["said"]:
            assert len(said) <= int(longest)
            check_form(marked_letters.decode(said))


@needs_node
@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_same_choice(found, how):
    """As often as the small body chooses each token."""
    choosing, rng = Choosing(*how), np.random.default_rng(0)
    forbidden = np.arange(40) < 3
    theirs = np.bincount([choosing.choose(LOGITS, [3, 3, 7, 9], forbidden, 4, rng) for _ in range(3000)], minlength=40)
    np.testing.assert_allclose(np.array(found[f"drawn {how}"]) / 3000, theirs / 3000, atol=0.05)


@needs_node
def test_who_is_stopped_has_ended_its_turn(found):
    early, late = found["stopped"]
    assert early == late


class Looker(HTMLParser):
    """What stands in the page."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: dict[str, str] = {}
        self._at = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.tags.append((tag, dict(attributes)))
        self._at = dict(attributes).get("id", tag)

    def handle_data(self, data: str) -> None:
        self.texts[self._at] = self.texts.get(self._at, "") + data


@pytest.fixture(scope="module")
def page(body, tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("page") / "baby.html"
    write_page(body, file)
    return file.read_text("utf-8")


def test_all_is_in_the_page(body, page):
    """Its weights and its card, and nothing that would have to be fetched."""
    seen = Looker(page)
    said, numbers = compact(body)
    assert json.loads(seen.texts["said"]) == json.loads(json.dumps(said))
    assert base64.b64decode(seen.texts["weights"]) == numbers
    assert not [tag for tag, has in seen.tags if {"src", "action", "srcset"} & has.keys()]
    assert [has["href"] for _, has in seen.tags if "href" in has] == ["data:,"]
    assert not re.search(r"fetch\(|XMLHttp|WebSocket|import\(|@import|https?:", page)
    (policy,) = (has["content"] for tag, has in seen.tags if tag == "meta" and "http-equiv" in has)
    assert policy.startswith("default-src 'none';")
    assert len(page) <= 2.8 * body.card.parameters + 150_000


def test_it_can_be_used_without_a_mouse_or_eyes(page):
    """Each field has a label, what changes is announced, and every part that the script looks for is there."""
    seen = Looker(page)
    ids = {has["id"] for _, has in seen.tags if "id" in has}
    labelled = {has["for"] for tag, has in seen.tags if tag == "label"}
    assert {has["id"] for tag, has in seen.tags if tag == "input"} <= labelled <= ids
    assert {has["role"] for _, has in seen.tags if "role" in has} == {"log", "status"}
    assert all(has.get("type") for tag, has in seen.tags if tag == "button")
    assert set(re.findall(r'find\("([\w-]+)"\)', page)) <= ids
    assert "prefers-color-scheme: dark" in page


def test_nothing_breaks_out_of_the_page(body, tmp_path):
    """A licence that looks like a script stays a licence."""
    card = body.card.model_copy(update={"licence": "</script><script>alert(1)</script><!--"})
    given = {name: getattr(body, name) for name in body.__slots__} | {"card": card}
    write_page(Body(**given), tmp_path / "x.html")
    seen = Looker((tmp_path / "x.html").read_text("utf-8"))
    assert [tag for tag, _ in seen.tags].count("script") == 4
    assert json.loads(seen.texts["said"])["card"]["licence"] == card.licence
