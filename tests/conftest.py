"""A school small enough to run in every test: real parts, tiny sizes."""

from __future__ import annotations

import copy
import gc
import logging
import os
import signal

os.environ["GOMP_SPINCOUNT"] = "0"  # threads that wait leave the processor to other tests; read when torch is loaded

from functools import partial
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

from brain import BrainConfig, build_brain
from brain.contract import Brain
from brain.ops.backend import Backend
from brain.species.interneuron_config import InterneuronConfig
from school.classroom import Classroom, Limits, Outside
from school.door.mailbox import Mailbox
from school.door.school import School
from school.office.advice import go_on_with
from school.office.kernels import compile_kernels
from school.souls.caretaker import Caretaker
from school.souls.packing import pack_soul
from school.souls.saving import Saver
from school.talking.conversations import Conversations
from school.talking.receptionist import Receptionist, SpeechSettings
from school.teaching.settings import LessonSettings
from school.teaching.tutor import Tutor
from school.texts.librarian import Librarian
from school.texts.shelf import Text
from school.texts.tokenizer import MARK_COUNT, Tokenizer
from tests.chromium import chromium
from tests.in_process import here
from tests.new_records import copy_new_records

for name in ("TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET", "BABYLLM_TWITCH_BASE"):
    os.environ.pop(name, None)  # no test may find a real application's keys
hypothesis.settings.register_profile(  # a busy machine is no failure
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
copy_new_records()
for name in [name for name in logging.root.manager.loggerDict if name.startswith("torch")]:
    logging.getLogger(name).propagate = True  # pytest hangs on each of the forty that don't, three times a test
torch.set_num_threads(1)  # tiny tensors: a second thread only waits
os.environ["OMP_NUM_THREADS"] = "1"  # so also in the processes that tests start, beside which others run

LONGEST = (
    "test_wakeup", "test_browser_owner", "test_wire", "test_taste", "test_programs", "test_tutor", "test_brain",
    "test_long_talk", "test_removal", "test_benchmarks", "test_browser_overlay", "test_classroom", "test_hours",
    "test_encodings", "test_cases", "test_hostile", "test_dubrovsky", "test_plain_forms", "test_talk", "test_guard",
    "test_selfplay", "test_face", "test_login", "test_form", "test_adopting", "test_caretaker", "test_night",
    "test_shelf", "test_inspection", "test_receptionist", "test_evenings", "test_conditions", "test_registrar",
    "test_scribe", "test_foreign", "test_reported",
)  # fmt: skip
__all__ = ["chromium", "here"]  # fixtures

SENTENCES = (
    "the cat sat on the mat and looked at the rain. my sister made soup and the radio sang. "
    "tomorrow we walk to the sea! who ate the bread? nobody knows. the letter came on tuesday.\n"
)
TINY = InterneuronConfig(
    vocabulary=300,
    embed_width=16,
    neurons=32,
    windows=(1, 2, 3.5, 6),
    longest_window=8,
    bottleneck=16,
    memory_width=8,
    thought_width=16,
    positions=16,
)
LESSONS = LessonSettings(
    streams=2, block_tokens=16, micro_streams=1, warmup_steps=5, averaging_steps=5, evaluation_steps=1000
)
WHOLE = LESSONS.model_copy(update={"micro_streams": 2})  # a step in one go, where nothing happens in its middle


def pytest_collection_finish() -> None:
    """What is loaded stays: looking through it for garbage again and again took a seventh of the tests' time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that with several workers none is left alone with one of them in the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


HANDLERS = {
    getattr(signal, name): signal.getsignal(getattr(signal, name))
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
}


@pytest.fixture(autouse=True)
def plain_machine():
    """What a test did to the whole process (tiny numbers as zero, whose home advice is for, what a Ctrl-C does: it
    would let the rest go on) ends with it."""
    yield
    torch.set_flush_denormal(False)
    go_on_with(None, None, [], [])
    put_back_handlers()


def put_back_handlers() -> None:
    for number, handler in HANDLERS.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([SENTENCES * 5], vocabulary=300, minimum_frequency=2)


@pytest.fixture(scope="session")
def librarian(tokenizer: Tokenizer) -> Librarian:
    return shelve(tokenizer, SENTENCES * 20)


def shelve(tokenizer: Tokenizer, text: str, *, seed: int = 0) -> Librarian:
    """A librarian with one text, its last tenth held out."""
    ids = np.array(tokenizer.encode(text), dtype=np.uint16)
    cut = len(ids) * 9 // 10
    shelf = Text(name="book.txt", sha256="0" * 64, size=len(text), learn=ids[:cut], held_out=ids[cut:])
    return Librarian(tokenizer, [shelf], seed=seed)


def make_brain(
    tokenizer: Tokenizer, *, seed: int = 0, config: BrainConfig = TINY, backend: Backend | None = None
) -> Brain:
    """With the kernels unless told otherwise, as people's babies have them: that spares a third of a lesson's time and
    most of an answer's. What they compute is held against PyTorch in tests/brain."""
    torch.manual_seed(seed)
    backend = backend or Backend(compile_kernels())
    return build_brain(config, pieces=tokenizer.pieces, turn_tokens=MARK_COUNT, backend=backend)


def make_tutor(librarian: Librarian, settings: LessonSettings = LESSONS, *, seed: int = 0) -> Tutor:
    brain = make_brain(librarian.tokenizer, seed=seed)
    return Tutor.of_library(brain, librarian, settings, block_tokens=settings.block_tokens)


def make_receptionist(tutor: Tutor, folder: Path, **changes) -> Receptionist:
    settings = SpeechSettings(**({"max_tokens": 8} | changes))
    conversations = Conversations(
        folder / "conversations",
        limit=settings.conversations,
        disk_limit=settings.conversations_on_disk,
        device=tutor.device,
    )
    return Receptionist(copy.deepcopy(tutor.voice), tutor.librarian.tokenizer, conversations, settings)


def make_classroom(
    tutor: Tutor,
    receptionist: Receptionist,
    mailbox: Mailbox,
    school: School,
    caretaker: Caretaker,
    *,
    limits: Limits | None = None,
    publish=lambda event: None,
    look=lambda: False,
) -> Classroom:
    """One whose souls say nothing about their settings."""
    saver = Saver(caretaker, partial(pack_soul, tutor, receptionist, {}), publish)
    outside = Outside(publish=publish, look=look)
    return Classroom(tutor, receptionist, mailbox, school, saver, limits=limits or Limits(), outside=outside)


def take_steps(tutor: Tutor, steps: int):
    """Run whole optimizer steps; returns their reports."""
    reports = []
    while len(reports) < steps:
        if report := tutor.micro_step():
            reports.append(report)
    return reports
