"""Bodies in C, compiled once: as libraries whose parts are called one by one, and as the program that people get."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from brain.species.llama_config import LlamaConfig
from school.bodies.body import Body
from school.bodies.c_source import source_of, write_source
from school.bodies.program import write_program
from school.office.kernels import find_compiler
from school.texts.characters import Characters
from school.texts.tokenizer import Tokenizer
from tests.conftest import make_brain
from tests.school.bodies.alone.test_byte_pairs import TRAINED_ON

COMPILER = find_compiler()
PROBE = Path(__file__).with_name("probe.c")
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if COMPILER is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="no C compiler is installed here"))


def compile_with(compiler: str, *words: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([compiler, *map(str, words)], capture_output=True, text=True, timeout=100)


class Probe:
    """A library; arrays go in and out as NumPy's."""

    def __init__(self, body: Body, folder: Path, *flags: str):
        write_source(body, folder / "baby.c")
        target = folder / "probe.so"
        source = f'-DSOURCE="{folder / "baby.c"}"'
        made = compile_with(COMPILER, "-O1", *flags, "-fPIC", "-shared", source, PROBE, "-o", target, "-lm")
        assert made.returncode == 0, made.stderr
        self.vocabulary, self._library = body.card.vocabulary, ctypes.CDLL(str(target))
        self._library.probe_half.restype = ctypes.c_double
        self._library.probe_talk.restype = ctypes.c_void_p
        self._library.probe_wake()

    def call(self, name: str, *given: np.ndarray | float | bytes | ctypes.c_void_p) -> float:
        kinds: dict[type, Callable] = {int: ctypes.c_long, float: ctypes.c_double, bytes: ctypes.c_char_p}
        words = [
            ctypes.c_void_p(one.ctypes.data) if isinstance(one, np.ndarray) else kinds.get(type(one), lambda x: x)(one)
            for one in given
        ]
        return getattr(self._library, f"probe_{name}")(*words)

    def encode(self, text: str) -> list[int]:
        data = text.encode()
        ids = np.zeros(len(data) + 1, np.int32)
        return ids[: self.call("encode", data, len(data), ids)].tolist()

    def greedy(self, ids: list[int], tokens: int) -> dict[str, list]:
        """As page_in_node.js does it."""
        said = np.zeros(tokens + 1, np.int32)
        logits = np.zeros((tokens + 2, self.vocabulary), np.float32)
        colours = np.zeros((tokens + 2, 3), np.float32)
        self.call("greedy", np.array(ids, np.int32), len(ids), tokens + 1, said, logits, colours)
        return {"said": said.tolist(), "logits": logits[:-1].tolist(), "colours": colours[:-1].tolist()}

    def talk(self, temperature: float = 0.0, longest: int = 24, seed: int = 1) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.call("talk", temperature, longest, seed))

    def answer(self, talk: ctypes.c_void_p, text: str, most: int = 4096) -> tuple[list[int], list[float]]:
        data, said, pixel = text.encode(), np.zeros(4096, np.int32), np.zeros(3, np.float32)
        return said[: self.call("answer", talk, data, len(data), most, said, pixel)].tolist(), pixel.tolist()


@pytest.fixture(scope="session")
def probe(body, tmp_path_factory) -> Probe:
    """The usual species, whose weights become floats at once."""
    return Probe(body, tmp_path_factory.mktemp("interneuron"))


@pytest.fixture(scope="session")
def quoting_probe(quoting, tmp_path_factory) -> Probe:
    return Probe(quoting, tmp_path_factory.mktemp("quoting"))


@pytest.fixture(scope="session")
def marking_probe(marking, tmp_path_factory) -> Probe:
    return Probe(marking, tmp_path_factory.mktemp("marking"))


@pytest.fixture(scope="session")
def letters() -> Tokenizer:
    return Tokenizer.train([TRAINED_ON * 4], vocabulary=420, minimum_frequency=2)


def llama_of(body: Body, letters: Tokenizer, **shape: float) -> Body:
    """A body of the other species, whose weights are as random as a newborn's."""
    small = {"embed_width": 16, "layers": 2, "heads": 4, "key_heads": 2, "hidden_width": 24, "context": 12}
    config = LlamaConfig(vocabulary=letters.size, **small, **shape)
    weights = {name: tensor.detach() for name, tensor in make_brain(letters, config=config).named_parameters()}
    card = body.card.model_copy(update={"vocabulary": letters.size, "species": "llama"})
    return replace(body, card=card, config=asdict(config), weights=weights, tokenizer=letters.to_json())


@pytest.fixture(scope="session")
def llama(body, letters) -> Body:
    return llama_of(body, letters)


@pytest.fixture(scope="session")
def alphabet() -> Characters:
    return Characters.of_texts([TRAINED_ON + "QA: "], most=400, unknown="replace")


@pytest.fixture(scope="session")
def speller(body, alphabet) -> Body:
    """One like those of the project Dubrovsky: by characters, with two tables of tokens."""
    return llama_of(body, alphabet, tied=False, epsilon=1e-5)


@pytest.fixture(scope="session")
def speller_probe(speller, tmp_path_factory) -> Probe:
    return Probe(speller, tmp_path_factory.mktemp("speller"))


@pytest.fixture(scope="session")
def llama_probe(llama, tmp_path_factory) -> Probe:
    """With all that this processor can do."""
    return Probe(llama, tmp_path_factory.mktemp("llama"), "-march=native")


@pytest.fixture(scope="session")
def program(body, tmp_path_factory) -> Path:
    """Compiled once for all workers of a run, as that takes seconds: whoever is first makes it."""
    mine = tmp_path_factory.getbasetemp()
    everybodys = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    file = everybodys / f"baby-{hashlib.sha256(source_of(body).encode()).hexdigest()[:16]}"
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            write_program(body, file)
    return file
