"""Calling on a web face, as programs do: with headers of one's own, or with bytes of one's own."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

SECONDS = 60.0  # that anything may take here


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def why(self) -> str:
        """The message of a refusal, which is one line of JSON."""
        assert self.text.count("\n") == 1
        assert self.headers["content-type"].startswith("application/json")
        return self.json["error"]["message"]


def call(
    port: int, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, host: str = ""
) -> Answer:
    """One request. A body that is no bytes is sent as JSON; ``host``: of the Host header, if another."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        sent = {"Host": host or f"localhost:{port}"}
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        connection.request(method, path, body, sent | dict(headers or {}))
        response = connection.getresponse()
        told = {name.casefold(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read().decode())


def as_page(port: int) -> dict[str, str]:
    """The headers that its own page sends."""
    return {"Origin": f"http://localhost:{port}", "X-Babyllm": "1"}


def post(port: int, path: str, body: Any = None) -> Answer:
    """What its own page posts."""
    return call(port, "POST", path, {} if body is None else body, as_page(port))


def typed(port: int, line: str, reply: str = "") -> str:
    """What is said to a line that was typed on its page."""
    return post(port, "/api/type", {"line": line, "reply": reply}).json["message"]


def raw(port: int, data: bytes, *, until: Callable[[bytes], bool] = lambda got: False) -> bytes:
    """All that comes back for some bytes, until the connection is closed or enough has come."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(data)
        while not until(got):
            try:
                piece = connection.recv(65_536)
            except ConnectionResetError:
                break
            if not piece:
                break
            got += piece
    return got


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, with what they say."""
    return list(_events(iter(text.splitlines())))


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


class Listener:
    """``with Listener(port, path) as one:`` then ``one.until("step")`` brings the data of the next such event."""

    def __init__(self, port: int, path: str = "/events", **headers: str):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._connection.request("GET", path, headers={"Host": f"localhost:{port}"} | headers)
        self.response = self._connection.getresponse()
        self.heard: list[tuple[str, Any]] = []
        self._events = _events(line.decode().rstrip("\n") for line in self.response)

    def until(self, name: str, fits: Callable[[Any], bool] = lambda data: True) -> Any:
        deadline = time.monotonic() + SECONDS
        for event in self._events:
            assert time.monotonic() < deadline, f"waited too long for {name}"
            self.heard.append(event)
            if event[0] == name and fits(event[1]):
                return event[1]
        raise AssertionError(f"it ended before {name}: {self.heard[-3:]}")

    def rest(self) -> None:
        """Until it ends."""
        self.heard += self._events

    def close(self) -> None:
        self._connection.close()
        self.response.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
