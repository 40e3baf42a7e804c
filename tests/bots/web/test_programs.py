"""The endpoint for programs: the form of its answers, and what they may ask, with the real programs where they are
installed (make lab)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from bots.web.outlet import Outlet
from bots.web.programs import OWN, REMOTE
from bots.web.wire_format import HIDDEN, MODEL
from tests.bots.web.calling import Answer, call, typed
from tests.bots.web.living import served
from tests.school.test_classroom import wait_for

HELLO = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def here(all_day):
    with served(all_day, requests_a_minute=1000) as face:
        yield face


def complete(here, **changes) -> Answer:
    return call(here.port, "POST", "/v1/chat/completions", HELLO | changes)


def chunks(text: str) -> list[dict]:
    *lines, last = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert last == "[DONE]"
    return [json.loads(line) for line in lines]


def content(text: str) -> str:
    return "".join(one["choices"][0]["delta"].get("content", "") for one in chunks(text) if one["choices"])


# ---- the form ------------------------------------------------------------------------------------------------------


def test_there_is_one_model(here):
    listed = call(here.port, "GET", "/v1/models").json
    assert listed["object"] == "list"
    assert [one["id"] for one in listed["data"]] == [MODEL]
    assert call(here.port, "GET", f"/v1/models/{MODEL}").json == listed["data"][0]
    other = call(here.port, "GET", "/v1/models/gpt-9")
    assert (other.status, other.json["error"]["code"]) == (404, "model_not_found")


def test_an_answer_at_once(here):
    answer = complete(here, seed=3).json
    (choice,) = answer["choices"]
    assert (answer["object"], answer["model"]) == ("chat.completion", MODEL)
    assert answer["id"].startswith("chatcmpl-")
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] in ("stop", "length")
    used = answer["usage"]
    assert used["prompt_tokens"] + used["completion_tokens"] == used["total_tokens"]
    assert used["prompt_tokens"] >= 5
    assert answer["system_fingerprint"].startswith("step-")


def test_an_answer_piece_by_piece(here, all_day):
    """The same words as at once, of the same weights; with the usage only if it was asked for."""
    typed(here.port, "/pause")
    wait_for(lambda: here.face._school.status().paused)
    try:
        # The step that was begun is finished, and so is an examination, after which it speaks otherwise, at that step.
        all_day.control.examine().result(60)
        answer, streamed = complete(here, seed=7).json, complete(here, seed=7, stream=True)
        assert answer["system_fingerprint"] == chunks(streamed.text)[-1]["system_fingerprint"]
        whole = answer["choices"][0]["message"]["content"]
        assert streamed.headers["content-type"].startswith("text/event-stream")
        assert content(streamed.text) == whole
        first, *_, last = chunks(streamed.text)
        assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert last["choices"][0]["finish_reason"] in ("stop", "length")
        assert not any("usage" in one for one in chunks(streamed.text))
        used = chunks(complete(here, seed=7, stream=True, stream_options={"include_usage": True}).text)[-1]
        assert (used["choices"], used["usage"]["total_tokens"] > 5) == ([], True)
        assert len({complete(here, seed=seed).json["choices"][0]["message"]["content"] for seed in range(6)}) > 1
        cold = {complete(here, temperature=0, seed=seed).json["choices"][0]["message"]["content"] for seed in range(3)}
        assert len(cold) == 1
    finally:
        typed(here.port, "/resume")


def test_it_ends_where_it_is_asked_to(here):
    short = complete(here, max_tokens=1).json
    assert (short["choices"][0]["finish_reason"], short["usage"]["completion_tokens"]) == ("length", 1)
    assert complete(here, max_completion_tokens=2).json["usage"]["completion_tokens"] <= 2
    letters = list("etao")
    for stream in (False, True):
        answer = complete(here, stop=letters, stream=stream)
        text = content(answer.text) if stream else answer.json["choices"][0]["message"]["content"]
        assert not set(text) & set(letters)


def test_what_was_said_before_is_read(here):
    """Of the two who talk; a system's prompt and tools are nothing to it. Parts of text are one text."""
    alone = complete(here).json["usage"]["prompt_tokens"]
    parts = [{"type": "text", "text": "hello"}]
    assert complete(here, messages=[{"role": "user", "content": parts}]).json["usage"]["prompt_tokens"] == alone
    told = [{"role": "system", "content": "be brief"}, *HELLO["messages"]]
    assert complete(here, messages=told, tools=[], top_k=3).json["usage"]["prompt_tokens"] == alone
    before = [{"role": "user", "content": "who are you?"}, {"role": "assistant", "content": "a baby"}]
    longer = complete(here, messages=[*before, *HELLO["messages"]]).json["usage"]["prompt_tokens"]
    assert longer > alone + 6
    assert not here.face._school.snapshot.pairs


@pytest.mark.parametrize(("changes", "param"), [
    ({"messages": []}, "messages"), ({"messages": "hello"}, "messages"), ({"messages": [{"role": "user"}]}, "messages"),
    ({"messages": [{"role": "poet", "content": "hm"}, *HELLO["messages"]]}, "messages"),
    ({"messages": [*HELLO["messages"], {"role": "assistant", "content": "hi"}]}, "messages"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages"),
    ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"), ({"messages": [3]}, "messages.0"),
    ({"n": 2}, "n"), ({"temperature": 3}, "temperature"), ({"temperature": "hot"}, "temperature"),
    ({"max_tokens": 0}, "max_tokens"), ({"seed": 1.5}, "seed"), ({"stop": list("abcde")}, "stop"),
    ({"stop": ""}, "stop"), ({"stream": "yes"}, "stream"), ({"stream": 1}, "stream"), ({"model": None}, "model"),
])  # fmt: skip
def test_what_is_wrong_is_named(here, changes, param):
    answer = complete(here, **changes)
    error = answer.json["error"]
    assert (answer.status, error["type"], error["param"]) == (400, "invalid_request_error", param), answer.why


def test_errors_are_typed(here):
    missing = complete(here, model="gpt-9")
    assert (missing.status, missing.json["error"]["type"]) == (404, "not_found_error")
    for path in ("/v1/completions", "/v1/responses", "/v1/embeddings"):
        answer = call(here.port, "POST", path, HELLO)
        assert (answer.status, answer.json["error"]["type"]) == (404, "not_found_error")
    for length in (120_000, 140_000):  # too long for it, and too long to be read at all
        long = complete(here, messages=[{"role": "user", "content": "x" * length}] * 2)
        assert (long.status, long.why[:16]) == (413, "that is too long")
    odd = complete(here, seed=-(1 << 80), messages=[{"role": "user", "content": "\ud800 \x00 \u202e hi"}])
    assert odd.status == 200


def test_only_so_many_questions_a_minute(all_day):
    with served(all_day, requests_a_minute=2) as here:
        assert [complete(here).status for _ in range(3)] == [200, 200, 429]
        answer = complete(here)
        assert answer.json["error"]["type"] == "rate_limit_error"
        assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_who_leaves_takes_the_question_along(living):
    """Streamed or not."""
    receptionist = living.classroom.receptionist
    receptionist.settings = receptionist.settings.model_copy(update={"max_tokens": 4096, "max_seconds": 600.0})
    receptionist._ends_sentence = lambda speaking: False
    with served(living) as here:
        for stream in (True, False):
            body = json.dumps(HELLO | {"stream": stream}).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:{here.port}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", here.port)) as connection:
                connection.sendall(head.encode() + body)
                wait_for(lambda: receptionist.busy)
            wait_for(lambda: not receptionist.busy)


def test_without_it_there_is_nothing(all_day):
    with served(all_day, api=False) as here:
        assert call(here.port, "GET", "/v1/models").status == 404


# ---- learning ------------------------------------------------------------------------------------------------------


def mark(here, key: str, verdict: str, **more: str) -> Answer:
    return call(here.port, "POST", "/v1/babyllm/feedback", {"id": key, "verdict": verdict} | more)


def questions(living) -> list[str]:
    living.registrar.write(lambda db: None).result(60)
    return [one.question for one in living.registrar.queries.exchanges(100)]


def test_without_consent_nothing_is_kept(living):
    """Nothing is written down, nothing can be marked."""
    with served(living) as here:
        key = complete(here).json["id"]
        assert questions(living) == []
        refused = mark(here, key, "good")
        assert (refused.status, refused.json["error"]["type"]) == (403, "permission_error")
        assert "web.learn_from_api" in refused.why


def test_with_consent_answers_are_marked_and_learned_from(living):
    """With an origin of their own, at half the weight; only answers that came this way, and only so many an hour."""
    with served(living, learn_from_api=True, lessons_an_hour=2) as here:
        keys = [complete(here, stream=False).json["id"] for _ in range(3)]
        assert questions(living) == ["hello"] * 3
        assert mark(here, keys[0], "good").json == {"message": "it learns that, and tries to do more of it"}
        assert mark(here, keys[1], "fix", text="good morning").json["message"].startswith("it says that from now on")
        assert mark(here, keys[2], "good").status == 429
        assert mark(here, keys[2], "bad").status == 200
        wait_for(lambda: len(living.tutor.reviews) == 2)
        pairs = [review.pair for review in living.tutor.reviews._reviews.values()]
        assert sorted(pair.weight for pair in pairs) == [0.5, 1.0]
        assert {pair.origin.surface for pair in pairs} == {OWN}
        assert {pair.person for pair in pairs} == {"owner"}
        others = living.school.ask("hello", "c").result(60)
        assert mark(here, others.id, "bad").status == 404
        assert mark(here, keys[0], "splendid").json["error"]["param"] == "verdict"
        assert mark(here, keys[0], "fix").json["error"]["param"] == "text"
        assert living.school.forget(person="owner").result(60).rows >= 6
        assert questions(living) == []


TASKS = [
    "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.",
    "### Task:\nSuggest 3-5 relevant follow-up questions\n<chat_history>\nUSER: hi\n</chat_history>",
    "Provide a concise, 5-word-or-less title for the conversation, using its same language.",
    "Please generate a four to five word title summarizing our conversation without any lead-in.",
    "Based on the chat history, give this conversation a name.\nKeep it short, suggest a name for this chat",
    "[Pause your roleplay. Summarize the most important facts and events in the chat so far.",
    "Ignore previous instructions. Summarize the most important facts.",
]


def test_tasks_behind_somebodys_back_are_answered_and_not_kept(living):
    with served(living, learn_from_api=True) as here:
        for task in TASKS:
            answer = complete(here, messages=[{"role": "user", "content": task}])
            assert answer.status == 200
            assert questions(living) == [], task
            assert mark(here, answer.json["id"], "good").status == 404


@pytest.mark.parametrize("text", [
    "what is soup?", "give me a name for my cat", "tell me about the title of that book", "what is your task today?",
    "summarize the letter", "write me a message for my sister",
])  # fmt: skip
def test_what_people_ask_is_no_such_task(text):
    assert not HIDDEN.search(text)


def test_with_a_key_its_answers_are_for_strangers(living):
    """They go past the guard at the mouth; on this machine they are the owner's own."""
    asked = []
    for keys, expected in ((False, (False, OWN)), (True, (True, REMOTE))):
        with served(living, keys=keys) as here:
            living.school.overhearer = lambda ask, surface, consent: asked.append((ask.public, surface))
            token = {"Authorization": f"Bearer {here.face._keys.token}"} if keys else {}
            call(here.port, "POST", "/v1/chat/completions", HELLO, token)
            assert asked.pop() == expected


@pytest.mark.parametrize(("pieces", "stop", "outs"), [
    ([" a", " b ", " c\n"], [], ["a", " b", "  c", ""]), (["ab", "cd"], ["cX"], ["ab", "cd", ""]),
    (["abc", "de", "f"], ["cde"], ["ab", "", "", ""]), (["a ", "\n", "b"], ["\nb"], ["a", "", "", ""]),
    (["stop", "x"], ["s"], ["", "", ""]), ([" ", " "], [], ["", "", ""]), (["xaab"], ["ab"], ["xa", ""]),
])  # fmt: skip
def test_what_goes_out(pieces, stop, outs):
    """No white space at the ends, nothing of what it stops at, nothing twice."""
    outlet = Outlet(stop)
    assert [*(outlet.feed(piece) for piece in pieces), outlet.end()] == outs


# ---- the real programs ---------------------------------------------------------------------------------------------

needs_openai = pytest.mark.skipif(find_spec("openai") is None, reason="openai is not installed (make lab)")
needs_llm = pytest.mark.skipif(find_spec("llm") is None, reason="llm is not installed (make lab)")


@pytest.fixture
def client(here):
    import openai

    with openai.OpenAI(base_url=f"{here.url}/v1", api_key="none", max_retries=0, timeout=60) as one:
        yield SimpleNamespace(openai=openai, **{name: getattr(one, name) for name in ("models", "chat")}, here=here)


@needs_openai
def test_openais_own_package(client):
    """Models, an answer, a stream with its usage, and its kinds of errors."""
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).owned_by == "you"
    create = client.chat.completions.create
    answer = create(**HELLO, temperature=0.5, max_tokens=4, seed=1, stop=["\n"])
    assert isinstance(answer.choices[0].message.content, str)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    parts = list(create(**HELLO, stream=True, stream_options={"include_usage": True}))
    assert parts[-1].usage.completion_tokens > 0
    assert parts[-2].choices[0].finish_reason in ("stop", "length")
    with pytest.raises(client.openai.NotFoundError, match="there is one model here"):
        create(**HELLO | {"model": "gpt-9"})
    with pytest.raises(client.openai.BadRequestError) as wrong:
        create(**HELLO, n=3)
    assert wrong.value.param == "n"


@needs_openai
def test_openais_package_is_told_to_wait_and_who_it_is(all_day):
    import openai

    with served(all_day, requests_a_minute=1, keys=True) as here:
        key = here.face._keys.token
        with openai.OpenAI(base_url=f"{here.url}/v1", api_key=key, max_retries=0, timeout=60) as one:
            one.chat.completions.create(**HELLO)
            with pytest.raises(openai.RateLimitError):
                one.chat.completions.create(**HELLO)
        stranger = openai.OpenAI(base_url=f"{here.url}/v1", api_key="wrong", max_retries=0, timeout=60)
        with stranger as one, pytest.raises(openai.AuthenticationError):
            one.models.list()


@needs_openai
def test_openais_stream_is_broken_off(client):
    """Who closes it hears no more, and others are served."""
    with client.chat.completions.create(**HELLO, stream=True) as stream:
        next(iter(stream))
    wait_for(lambda: not client.here.face.watch.speaking())
    assert client.chat.completions.create(**HELLO).choices


@needs_llm
def test_llm_talks_to_it(here, tmp_path):
    """As docs/web.md says; its own files are kept out of the way."""
    models = f"- model_id: baby\n  model_name: {MODEL}\n  api_base: {here.url}/v1\n"
    (tmp_path / "extra-openai-models.yaml").write_text(models)
    command = [sys.executable, "-m", "llm", "-m", "baby", "--no-log", "hello"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = kept | {"LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "none", "LLM_LOAD_PLUGINS": ""}
    before = here.face._school.status().replies
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert wait_for(lambda: here.face._school.status().replies > before)
