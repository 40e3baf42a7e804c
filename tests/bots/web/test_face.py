"""The web face of a living school: pages, events, answers, over real sockets."""

from __future__ import annotations

import json
import urllib.request

from tests.bots.web.living import served


def get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=60) as response:
        return json.load(response)


def test_it_says_how_it_is_and_comes_back_at_the_same_place(living):
    with served(living) as here:
        state = get(f"{here.url}/api/status")
        assert (state["name"], state["awake"], state["species"]) == ("baby", True, "interneuron")
    with served(living, port=here.port) as again:
        assert again.port == here.port
        assert get(f"{again.url}/api/status")["step"] >= state["step"]
