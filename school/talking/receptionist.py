"""The receptionist: answers questions, all that wait together, token by token.

Shapes: B questions being answered, R rows of the brain (B, or with guidance 2 B), V vocabulary.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from brain.contract import Brain, BrainOutput, State, pick_streams, stack_states
from brain.hippocampus import Hippocampus, MixingWeights
from school.door.mailbox import Ask, fail, fulfil
from school.door.values import Asleep, Pair, Reply, Scope
from school.office.mistakes import Mistake
from school.office.seeds import seed_of
from school.talking.choosing import Chooser
from school.talking.conversations import Conversation, Conversations
from school.talking.form import LONG, Form
from school.talking.guard import Guard
from school.talking.recall import Recall
from school.talking.settings import SpeechSettings
from school.talking.speaking import Speaking
from school.talking.topic import Topics
from school.talking.turns import Turns
from school.teaching.examiner import NEUTRAL, REPEAT_SPAN
from school.texts.sentences import ends_sentence, whole_characters
from school.texts.tokenizer import BABY, PERSON, Tokenizer

PREFILL = 128  # tokens of a question read at a time
SIDE_BY_SIDE = 8  # questions read at a time, which bounds the memory that they take
GUIDED = 12  # tokens after which guidance counts half as much
TAIL = 12  # tokens in which the end of a sentence is looked for
REPEATS_FROM, TUNING_RATE, PENALTY_LIMIT = 8, 0.05, 2.0  # said tokens that tell something; step; bound


class Newcomer(NamedTuple):
    """Who asks something in a ``conversation``. ``turns``: what is to be read, the second without the question."""

    speaking: Speaking
    conversation: Conversation
    turns: list[list[int]]


class Receptionist:
    """Owns the conversations, and the ``voice`` that it speaks with. Nothing here touches lessons.

    Every method takes a turn of its own, so that several threads may call them: what they find is between two tokens.
    ``turns`` is for who wants to look at more than one thing at a time.
    """

    def __init__(
        self,
        voice: Brain,
        tokenizer: Tokenizer,
        conversations: Conversations,
        settings: SpeechSettings,
        recall: Recall | None = None,
        guard: Guard | None = None,
    ):
        self.voice, self.tokenizer, self.conversations, self.settings = voice, tokenizer, conversations, settings
        self.recall = Recall(tokenizer) if recall is None else recall  # an empty one counts as false
        self.guard = guard  # of what may not be said in public
        self.device = next(voice.parameters()).device
        self.turns = Turns()
        self.step = 0  # whose weights the voice has
        self.calibration = 1.0  # the temperature that suits what it knows, from the last examination
        self.penalty = 0.0 if tokenizer.by_letter else settings.repetition_penalty  # letters come again and again
        self.text_repeats: float | None = None  # how often its texts say a token again, from the same examination
        self.replies = 0  # over its whole life: the seed of the next reply
        self._form = Form(tokenizer, settings.max_tokens)
        self._chooser = Chooser(tokenizer, settings, self._form, self.device)
        self._waiting: deque[Ask] = deque()
        self._speaking: list[Speaking] = []
        self._hippocampus: Hippocampus | None = None
        self._topics: Topics | None = None
        self._rows_each = 2 if settings.guidance > 1 else 1  # the second has not heard the question
        self._state: State = {}
        self._pixels = torch.empty(0, 3)
        self._logits = torch.empty(0)

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._speaking)

    def admit(self, ask: Ask) -> None:
        with self.turns:
            self._waiting.append(ask)

    @torch.no_grad()
    def serve(self) -> None:
        """Let in who waits, and say a token to everyone."""
        with self.turns:
            self._welcome()
            if self._speaking:
                self._say_one_token()

    def answer(self, ask: Ask) -> Reply:
        """Answer a question at once, where there is no talker. Raises what kept it from being answered."""
        self.admit(ask)
        while self.busy:
            self.serve()
        return ask.future.result()

    @torch.no_grad()
    def publish(self, voice: Brain, step: int) -> None:
        """Speak with these weights from the next token on, those after ``step`` steps."""
        mine, theirs = list(self.voice.parameters()), list(voice.parameters())
        with self.turns:
            if mine and mine[0] is not theirs[0]:
                torch._foreach_copy_(mine, theirs)
                self.voice.refresh()
            self.step = step

    def close(self) -> None:
        """Turn everyone away who still waits or listens."""
        with self.turns:
            for ask in [*self._waiting, *(speaking.ask for speaking in self._speaking)]:
                fail(ask.future, Asleep())
            self._waiting.clear()
            self._drop(set(range(len(self._speaking))))

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Be able to say what was taught, from the next question on."""
        with self.turns:
            for pair in pairs:
                self.recall.learn(pair)

    def forget(self, scope: Scope) -> None:
        """Forget what was told in a scope, break off what is being said to its people and drop their conversations.
        Raises OSError when that is not possible on disk."""
        people = scope.conversations
        with self.turns:
            self.recall.forget(scope)
            for speaking in self._speaking:
                if speaking.told and speaking.told.pair.id not in self.recall:
                    speaking.told = None
            for ask in [*self._waiting, *(speaking.ask for speaking in self._speaking)]:
                if ask.person in people:
                    ask.future.cancel()
            self._drop({i for i, speaking in enumerate(self._speaking) if speaking.ask.future.cancelled()})
            self.conversations.forget(people)

    def talks_with(self, person: str) -> int:
        """How many conversations with somebody it can go on with."""
        with self.turns:
            return self.conversations.count(person)

    def listen_to(self, hippocampus: Hippocampus, weights: MixingWeights) -> None:
        """Speak with what it has heard from the next token on, mixed like this."""
        with self.turns:
            hippocampus.weights = weights
            self._hippocampus = hippocampus
            self._topics = Topics(self.tokenizer, self.recall.language, hippocampus.counts)

    def restock(self, guard: Guard | None) -> None:
        """The library is another: with what may not be said of it in public, and without what was heard of it, until it
        is heard anew."""
        with self.turns:
            self.guard, self._hippocampus, self._topics = guard, None, None

    def heed(self, temperature: float, repeats: float) -> None:
        """Take note of an examination: the temperature that fits, and how often a text repeats itself."""
        if self.settings.tune:
            with self.turns:
                self.calibration, self.text_repeats = temperature, repeats

    # ---- listening -----------------------------------------------------------------------------------------------

    def _welcome(self) -> None:
        """Let in whoever waits, while there is room and their conversation is free."""
        held_up, newcomers = deque(), list[Newcomer]()
        taken = {speaking.ask.conversation for speaking in self._speaking}
        while self._waiting and len(self._speaking) + len(newcomers) < self.settings.together:
            ask = self._waiting.popleft()
            if ask.future.cancelled():
                continue
            if ask.kept and ask.conversation in taken:
                held_up.append(ask)
                continue
            try:
                newcomers.append(self._newcomer(ask))
                taken.add(ask.conversation)
            except Exception as error:  # whatever one question does, the others are not to notice
                fail(ask.future, error)
        self._waiting.extendleft(reversed(held_up))
        self._listen(newcomers)

    def _listen(self, newcomers: list[Newcomer]) -> None:
        """Read what they ask, all together, or where that fails each alone, and let them join."""
        try:
            heard = self._read([(one.conversation, turn) for one in newcomers for turn in one.turns])
        except Exception as error:
            if len(newcomers) == 1:
                fail(newcomers[0].speaking.ask.future, error)
                return
            for one in newcomers:
                self._listen([one])
            return
        for i, one in enumerate(newcomers):
            self._join(one.speaking, heard[i * self._rows_each : (i + 1) * self._rows_each])

    def _newcomer(self, ask: Ask) -> Newcomer:
        """Raises Mistake for what it can't read."""
        if lacking := self.tokenizer.lacks(ask.text):
            raise Mistake(f"its alphabet lacks {lacking}")
        conversation = self._fresh(ask.person)
        if ask.kept:
            conversation = self.conversations.get(ask.conversation, conversation)
        words = self.tokenizer.encode(ask.text)[-self.settings.question_tokens :]
        before = self._before(ask, self.settings.question_tokens - len(words))
        turns = [[*before, *self._turn(question)] for question in (words, [])[: self._rows_each]]
        chance = (self.settings.seed, self.replies) if ask.manner.seed is None else (ask.manner.seed,)
        rng = torch.Generator().manual_seed(seed_of(*chance))
        self.replies += 1
        recent = [token for token in conversation.recent if 0 <= token < self.tokenizer.size]
        told = self.recall.find(ask.text, ask.person)
        topics = self._topics.of(ask.text) if self._topics else []
        speaking = Speaking(ask, rng, conversation.person, told, turns[0], topics, recent=recent)
        return Newcomer(speaking, conversation, turns)

    def _before(self, ask: Ask, room: int) -> list[int]:
        """The tokens of the turns before, with their marks: of so many tokens at most, the last ones whole."""
        tokens: list[int] = []
        for turn in reversed(ask.before):
            said = self.tokenizer.turn(BABY if turn.by_baby else PERSON, self.tokenizer.encode(turn.text))
            if len(said) + len(tokens) > room:
                break
            tokens = said + tokens
        return tokens

    def _turn(self, question: list[int]) -> list[int]:
        """What a person says, and that the baby's turn has come."""
        return [*self.tokenizer.turn(PERSON, question), *self.tokenizer.mark(BABY)]

    def _read(self, readings: list[tuple[Conversation, list[int]]]) -> list[BrainOutput]:
        """What comes of turns of people's; those that are equally long are read side by side, which for ten takes about
        as long as for three."""
        alike: dict[int, list[int]] = {}
        for number, (_, turn) in enumerate(readings):
            alike.setdefault(len(turn), []).append(number)
        heard: dict[int, BrainOutput] = {}
        for numbers in alike.values():
            for start in range(0, len(numbers), SIDE_BY_SIDE):
                some = numbers[start : start + SIDE_BY_SIDE]
                heard |= zip(some, self._read_alike([readings[number] for number in some]), strict=True)
        return [heard[number] for number in range(len(readings))]

    def _read_alike(self, readings: list[tuple[Conversation, list[int]]]) -> list[BrainOutput]:
        conversations, turns = zip(*readings, strict=True)
        tokens, pixel = torch.tensor(turns, device=self.device), torch.cat([one.pixel for one in conversations])
        state = stack_states([one.state for one in conversations])
        for start in range(0, tokens.shape[1], PREFILL):
            chunk = tokens[:, start : start + PREFILL]
            out = self.voice(chunk, pixel[:, None].expand(-1, chunk.shape[1], -1), state)
            state = out.state
        rows = [slice(row, row + 1) for row in range(len(readings))]
        return [BrainOutput(out.logits[row, -1], out.pixels[row, -1], pick_streams(state, row)) for row in rows]

    def _fresh(self, person: str) -> Conversation:
        pixel = torch.full((1, 3), NEUTRAL, device=self.device)
        return Conversation(person, self.voice.fresh_state(1), pixel, [])

    def _join(self, speaking: Speaking, heard: list[BrainOutput]) -> None:
        if self._speaking:
            heard = [BrainOutput(self._logits, self._pixels, self._state), *heard]
        self._state = stack_states([out.state for out in heard])
        self._pixels, self._logits = torch.cat([out.pixels for out in heard]), torch.cat([out.logits for out in heard])
        self._speaking.append(speaking)

    def _rows(self, numbers: Iterable[int]) -> list[int]:
        """The rows of the brain that belong to these answers."""
        return [number * self._rows_each + row for number in numbers for row in range(self._rows_each)]

    # ---- speaking ------------------------------------------------------------------------------------------------

    def _say_one_token(self) -> None:
        self._drop({i for i, speaking in enumerate(self._speaking) if speaking.ask.future.cancelled()})
        if not self._speaking:
            return
        try:
            tokens = self._choose(slice(None))
            endings = self._hand_on(tokens)  # before it is read, which takes as long again
            out = self._read_on(tokens, slice(None))
        except Exception as error:
            self._turn_away(self._culprits() or dict.fromkeys(range(len(self._speaking)), error))
            return
        self._state, self._logits, shown, self._pixels = out.state, out.logits, self._pixels, out.pixels
        for i, ending in endings.items():
            try:
                if ending:
                    self._finish(i, self._speaking[i], int(tokens[i]), ending, shown[i * self._rows_each])
            except Exception as error:
                fail(self._speaking[i].ask.future, error)
        self._drop(set(endings))

    def _hand_on(self, tokens: Tensor) -> dict[int, str]:
        """Let everyone hear their token; returns whose answers are over with it, and why: "" where one has failed."""
        asked = self._logits[:: self._rows_each].log_softmax(-1)  # before any penalty
        likely, endings = asked.gather(-1, tokens[:, None])[:, 0].tolist(), {}
        for i, (speaking, token) in enumerate(zip(self._speaking, tokens.tolist(), strict=True)):
            speaking.log_probability += likely[i]
            speaking.chosen += 1
            try:
                if ending := self._take(speaking, token):
                    endings[i] = ending
            except Exception as error:
                endings[i] = ""
                fail(speaking.ask.future, error)
        return endings

    def _read_on(self, tokens: Tensor, which: slice) -> BrainOutput:
        """What comes of these answers' tokens."""
        each, rows = tokens.repeat_interleave(self._rows_each), self._rows(range(len(self._speaking))[which])
        if len(rows) == len(self._pixels):
            return self.voice.step(each, self._pixels, self._state)
        return self.voice.step(each, self._pixels[rows], pick_streams(self._state, rows))

    def _culprits(self) -> dict[int, Exception]:
        """With whom it fails even when they are alone, and how. All the others can go on."""
        culprits = {}
        for row in range(len(self._speaking)):
            alone = slice(row, row + 1)
            try:
                self._read_on(self._choose(alone), alone)
            except Exception as error:
                culprits[row] = error
        return culprits

    def _turn_away(self, failed: dict[int, Exception]) -> None:
        for row, error in failed.items():
            fail(self._speaking[row].ask.future, error)
        self._drop(set(failed))

    def _choose(self, rows: slice = slice(None)) -> Tensor:
        """A token for each of these rows. Raises ArithmeticError where the logits are no numbers."""
        everyone, logits = self._speaking[rows], self._remembered(self._guided())[rows]
        topics = [one.topics if self._topics else [] for one in everyone]
        how = {"warmth": self.calibration, "penalty": self.penalty, "guard": self.guard}
        return self._chooser.choose(everyone, logits, topics, **how, run=self.voice.backend.kernels_for(logits))

    def _guided(self) -> Tensor:
        """Logits (B, V) in which the question counts ``guidance`` times as an answer begins, and less and less: that is
        classifier-free guidance (for texts, Sanchez et al. 2023, "Stay on topic with Classifier-Free Guidance"), which
        fades as in Li et al. 2016, for an answer that is guided to its end repeats the question's words."""
        if self._rows_each == 1:
            return self._logits
        asked, unasked = self._logits[::2], self._logits[1::2]
        said = torch.tensor([[float(len(one.said))] for one in self._speaking])
        more = (self.settings.guidance - 1) * torch.exp2(-said / GUIDED)
        return asked + more.to(self.device) * (asked - unasked)

    def _remembered(self, guided: Tensor) -> Tensor:
        """Logits (B, V) with what the hippocampus adds to the brain's own. When to end is the brain's to say: of what
        came after the last few words, counts know too little for that, and answers ended less often with a sentence
        (66 % for 72 %, after five minutes on a diary)."""
        if self._hippocampus is None:
            return guided
        own = self._logits[:: self._rows_each].log_softmax(-1)
        said = [one.heard + one.said for one in self._speaking]
        added = self._hippocampus.speak(own.float().cpu(), said).to(self.device) - own
        added[:, self.tokenizer.end] = 0
        return guided + added

    def _take(self, speaking: Speaking, token: int) -> str:
        """Note one token; returns why the reply ends with it, or ""."""
        now = time.monotonic()
        speaking.first_token_at = speaking.first_token_at or now
        if token == self.tokenizer.end:
            self._stream(speaking, b"", last=True)
            return "end"
        speaking.take(token)
        if self.guard and speaking.ask.public:
            speaking.wording = self.guard.after(speaking.wording, token)
        if self._topics:
            speaking.topics = self._topics.left(speaking.topics, speaking.said)
        ending = self._ending(speaking)
        if now - speaking.ask.asked_at > min(self.settings.max_seconds, speaking.ask.seconds or math.inf):
            ending = ending or self._cut_short(speaking)
        self._stream(speaking, self.tokenizer.token_bytes(token), last=bool(ending))
        return ending

    def _ending(self, speaking: Speaking) -> str:
        """Why the reply is over, as far as that is told by what was said; what it opened is closed first."""
        if speaking.closing and not speaking.owed:
            return speaking.closing
        count, longest = len(speaking.said), self.settings.max_tokens
        limit = speaking.most(longest)
        tells = speaking.tells and limit == longest  # what it was told is as long as it is
        if count >= limit and not tells:
            return "limit"
        if self._stops(speaking):
            return "stop"
        if speaking.closing or speaking.tells or count < limit * LONG:
            return ""
        owed, ends = self._form.closing(speaking.said), self._ends_sentence(speaking)
        if ends or (owed and count + len(owed) >= limit):
            speaking.close("end" if ends else "limit", owed)
        return "end" if ends and not owed else ""

    def _cut_short(self, speaking: Speaking) -> str:
        """Its time is up: "time" as soon as it may end, and behind what closes it."""
        if speaking.tells:
            return "time"
        end, most = self.tokenizer.end, speaking.most(self.settings.max_tokens)
        if speaking.closing or self._form.refuses(speaking.said, end, most):
            return ""
        speaking.close("time", self._form.closing(speaking.said))
        return "" if speaking.owed else "time"

    def _stops(self, speaking: Speaking) -> bool:
        """Whether one of the texts that are to end it has come."""
        stop = speaking.ask.manner.stop
        return bool(stop) and any(text in self.tokenizer.decode(speaking.said) for text in stop)

    def _ends_sentence(self, speaking: Speaking) -> bool:
        """Whether an answer that is long ends where a sentence does, and may."""
        said, most = speaking.said, speaking.most(self.settings.max_tokens)
        if not self._form.is_long(len(said)) or not ends_sentence(self.tokenizer.decode(said[-TAIL:])):
            return False
        return not self._form.refuses(said, self.tokenizer.end, most)

    def _stream(self, speaking: Speaking, piece: bytes, *, last: bool) -> None:
        """Hand on the text so far, holding back a character whose bytes have not all come."""
        if speaking.ask.on_token is None:
            return
        speaking.pending += piece
        whole = len(speaking.pending) if last else whole_characters(speaking.pending)
        text, speaking.pending = speaking.pending[:whole].decode("utf-8", "replace"), speaking.pending[whole:]
        try:
            if text:
                speaking.ask.on_token(text)
        except Exception:  # a listener that fails hears no more; the answer goes on
            speaking.ask.on_token = None

    def _finish(self, row: int, speaking: Speaking, token: int, ending: str, shown: Tensor) -> None:
        """Keep the conversation and learn from it, if it is one to keep, and answer the future."""
        ask, now = speaking.ask, time.monotonic()
        if ask.kept:
            self._tune_penalty(speaking)
            self._keep(row, speaking, token)
        reply = Reply(
            id=ask.id,
            text=self.tokenizer.decode(speaking.said).strip(),
            tokens=tuple(speaking.said),
            step=self.step,
            color=tuple(shown.tolist()),
            seconds=now - ask.asked_at,
            first_token_seconds=speaking.first_token_at - ask.asked_at,
            conversation=ask.conversation,
            ending=ending,
            log_probability=speaking.log_probability / speaking.chosen,
            repeats=max(0.0, _repeats(speaking) - (self.text_repeats or 1.0)),
            told=speaking.told.pair if speaking.tells else None,
            heard=len(speaking.heard),
        )
        fulfil(ask.future, reply)

    def _keep(self, row: int, speaking: Speaking, token: int) -> None:
        """Put the conversation back as it is after this turn."""
        first = row * self._rows_each
        state, pixel = pick_streams(self._state, [first]), self._pixels[first : first + 1].clone()
        if token != self.tokenizer.end:  # it was cut short: let it know that its turn is over
            out = self.voice.step(torch.tensor([self.tokenizer.end], device=self.device), pixel, state)
            state, pixel = out.state, out.pixels
        recent = speaking.recent[-self.settings.repetition_window :]
        self.conversations.put(speaking.ask.conversation, Conversation(speaking.person, state, pixel, recent))

    def _tune_penalty(self, speaking: Speaking) -> None:
        """Move the penalty a little towards repeating itself as often as its texts do; between 0 and PENALTY_LIMIT."""
        if self.tokenizer.by_letter or self.text_repeats is None or len(speaking.said) < REPEATS_FROM:
            return
        excess = _repeats(speaking) - self.text_repeats
        self.penalty = min(max(self.penalty + TUNING_RATE * excess, 0.0), PENALTY_LIMIT)

    def _drop(self, rows: set[int]) -> None:
        if not rows:
            return
        kept = [i for i in range(len(self._speaking)) if i not in rows]
        self._speaking = [self._speaking[i] for i in kept]
        staying = self._rows(kept)
        self._state = pick_streams(self._state, staying)
        self._pixels, self._logits = self._pixels[staying], self._logits[staying]


def _repeats(speaking: Speaking) -> float:
    """The share of its tokens that it had said among the REPEAT_SPAN before."""
    spoken = speaking.recent
    first = len(spoken) - len(speaking.said)
    again = [spoken[i] in spoken[max(0, i - REPEAT_SPAN) : i] for i in range(first, len(spoken))]
    return sum(again) / max(1, len(again))
