"""The talker: answers on a thread of its own, while a lesson computes.

What is said and taught, and whose talk is to end, comes to it in the order in which it was posted. It speaks with a
copy of the voice, which lessons replace after each step, between two tokens.
"""

from __future__ import annotations

import logging
import threading
import time

import torch

from school.door.mailbox import Ask, EndTalk, Forget, ForTalker, Mailbox, Recollect, Remember, fail, fulfil
from school.talking.receptionist import Receptionist

IDLE_SECONDS = 0.5  # between looks whether the day is over, where nobody says anything

log = logging.getLogger(__name__)


class Talker:
    """From ``start`` until ``stop``. ``seconds``: how long its thread had the processor so far."""

    def __init__(self, receptionist: Receptionist, mailbox: Mailbox):
        self._receptionist, self._mailbox = receptionist, mailbox
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="talker", daemon=True)
        self.seconds = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns once the token under way is said."""
        self._stopping.set()
        self._mailbox.wake_talker()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        torch.set_flush_denormal(True)  # each thread has its own
        torch.set_num_threads(1)  # a token is too little work to share, and lessons want the rest
        while not self._stopping.is_set():
            busy = self._receptionist.busy
            for request in self._mailbox.hear(0 if busy else IDLE_SECONDS):
                self._carry_out(request)
            if self._receptionist.busy:
                self._speak()
            self.seconds = time.thread_time()

    def _carry_out(self, request: ForTalker) -> None:
        match request:
            case Ask():
                self._receptionist.admit(request)
            case Remember(pair):
                self._receptionist.remember([pair])
            case Recollect(person, future):
                fulfil(future, self._receptionist.talks_with(person))
            case EndTalk(forget):
                self.forget(forget)

    def forget(self, request: Forget) -> None:
        """Forget what was told in its scope, and end its conversations and what is being said in them."""
        try:
            self._receptionist.forget(request.scope)
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("conversations could not be forgotten")
            fail(request.future, error)
        request.share_done()

    def _speak(self) -> None:
        try:
            self._receptionist.serve()
        except Exception:
            log.exception("the receptionist stumbled")
            self._receptionist.close()
