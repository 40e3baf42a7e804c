"""The form of OpenAI's chat completions: what a request may say, and how an answer looks. No more than is needed."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bots.web.refusals import Refusal
from school.door.values import Manner, Reply, Turn

MODEL, ID = "babyllm", "chatcmpl-"
ROLES = ("system", "developer", "user", "assistant", "tool", "function")
LONGEST = 200_000  # characters of all messages together
SEEDS = 1 << 62
# What programs ask behind the back of whoever uses them: titles, tags, suggestions, summaries of a chat.
HIDDEN = re.compile(
    r"\s*(?:###\s*Task\b|\[?Pause your roleplay|\[?Ignore (?:all )?previous instructions\W+Summari[sz]e)"
    r"|<chat_history>"
    r"|\b(?:generate|provide|create|write|give|suggest|come up with|summari[sz]e|name)\b.{0,120}"
    r"\b(?:title|name|tags?|keywords?|emoji|follow-?ups?)\b.{0,120}\b(?:chat|conversation|discussion|dialogue|message)s?\b",
    re.IGNORECASE | re.DOTALL,
)


class _Part(BaseModel):
    type: str
    text: str | None = None


class _Message(BaseModel):
    role: str
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        """Raises Refusal where it is more than text."""
        if isinstance(self.content, list):
            if other := next((part.type for part in self.content if part.text is None), None):
                raise Refusal(400, f"it reads text alone, no {other[:50]}", param="messages")
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""


class _StreamOptions(BaseModel):
    include_usage: bool | None = None


class _Request(BaseModel):
    """Fields that it doesn't know are nothing to it."""

    model_config = ConfigDict(strict=True)

    model: str
    messages: list[_Message] = Field(min_length=1, max_length=2000)
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2, allow_inf_nan=False)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = Field(None, ge=1, le=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a program asks. ``hidden``: whether it asks behind somebody's back."""

    model: str
    question: str
    before: tuple[Turn, ...]
    manner: Manner
    stream: bool
    include_usage: bool
    hidden: bool

    @classmethod
    def of(cls, given: dict[str, Any]) -> Wanted:
        """Raises Refusal, which names the field."""
        try:
            asked = _Request.model_validate(given)
        except ValidationError as error:
            raise _refusal(error) from None
        *before, question = _conversation(asked.messages)
        stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
        if len(stop) > 4 or any(not 0 < len(text) <= 200 for text in stop):
            raise Refusal(400, "stop must be up to four texts of up to 200 characters", param="stop")
        manner = Manner(
            temperature=asked.temperature,
            max_tokens=asked.max_completion_tokens or asked.max_tokens,
            seed=None if asked.seed is None else asked.seed % SEEDS,
            stop=tuple(stop),
        )
        return cls(
            model=asked.model,
            question=question.text,
            before=tuple(before),
            manner=manner,
            stream=bool(asked.stream),
            include_usage=bool(asked.stream_options and asked.stream_options.include_usage),
            hidden=any(HIDDEN.search(message.text) for message in asked.messages if message.role != "assistant"),
        )


def _conversation(messages: list[_Message]) -> list[Turn]:
    """The turns of the two who talk; what else programs put there (a system's prompt, tools) it can't heed. Raises
    Refusal unless it ends with a question."""
    if sum(len(message.text) for message in messages) > LONGEST:
        raise Refusal(413, f"that is too long; {LONGEST:,} characters will do", param="messages")
    if unknown := next((message.role for message in messages if message.role not in ROLES), None):
        raise Refusal(400, f"there is no role {unknown[:50]}", param="messages")
    turns = [
        Turn(text=message.text.strip(), by_baby=message.role == "assistant")
        for message in messages
        if message.role in ("user", "assistant") and message.text.strip()
    ]
    if not turns or turns[-1].by_baby:
        raise Refusal(400, "the last message must be the user's, and a text", param="messages")
    return turns


def _refusal(error: ValidationError) -> Refusal:
    """The first that is wrong, in words."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = ".".join(str(part) for part in first["loc"] if part != "str" and not str(part).startswith("list["))
    return Refusal(400, f"{path}: {first['msg'][:200]}", param=path)


# ---- answers -------------------------------------------------------------------------------------------------------


def model(began: int) -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": began, "owned_by": "you"}


def usage(reply: Reply) -> dict[str, int]:
    said = len(reply.tokens)
    return {"prompt_tokens": reply.heard, "completion_tokens": said, "total_tokens": reply.heard + said}


def ending(reply: Reply) -> str:
    return "stop" if reply.ending in ("end", "stop") else "length"


def completion(key: str, text: str, reply: Reply) -> dict[str, Any]:
    """A whole answer."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": ending(reply), "logprobs": None}
    return _head(key, "chat.completion", reply.step) | {"choices": [choice], "usage": usage(reply)}


def chunk(key: str, step: int, delta: dict[str, str] | None, reply: Reply | None = None) -> dict[str, Any]:
    """A piece of an answer; with the ``reply``, its end; without a ``delta``, what comes after it."""
    choice = {"index": 0, "delta": delta, "finish_reason": ending(reply) if reply else None, "logprobs": None}
    return _head(key, "chat.completion.chunk", step) | {"choices": [choice] if delta is not None else []}


def _head(key: str, kind: str, step: int) -> dict[str, Any]:
    head = {"id": ID + key, "object": kind, "created": int(time.time()), "model": MODEL}
    return head | {"system_fingerprint": f"step-{step}"}
