"""The page in a real browser, from a file: it talks, stops and forgets; nothing is fetched, and no error is told."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from school.bodies.html_page import write_page

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
)  # fmt: skip
TROUBLE = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}

pytestmark = [
    pytest.mark.trial,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed, which the page is looked at in"),
]


class Tab:
    """A tab of the browser, by the protocol of its developers' tools; ``events`` is what it told unasked."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse):
        self._socket, self._asked, self.events = socket, 0, []

    async def do(self, method: str, **how: Any) -> dict[str, Any]:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": how})
        while (message := await self._socket.receive_json()).get("id") != self._asked:
            self.events.append(message)
        return message["result"]

    async def ask(self, script: str) -> Any:
        """What a script comes to; promises are waited for."""
        how = {"returnByValue": True, "awaitPromise": True}
        answer = await self.do("Runtime.evaluate", expression=script, **how)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait for the page to change so that it holds."""
        await self.ask(
            f"new Promise((done) => {{ const look = () => ({condition}) && done(); look();"
            " new MutationObserver(look).observe(document,"
            " { subtree: true, childList: true, characterData: true, attributes: true }); })"
        )


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Tab]:
    """A browser with this file in it, and nothing kept of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        arguments = [*OPTIONS, f"--user-data-dir={profile}", "about:blank"]
        process = await asyncio.create_subprocess_exec(CHROMIUM, *arguments, stderr=asyncio.subprocess.PIPE)
        try:
            while not (found := re.search(rb"ws://(127\.0\.0\.1:\d+)/", await process.stderr.readline())):
                assert not process.stderr.at_eof(), "the browser ended"
            async with aiohttp.ClientSession() as session:
                tabs = await (await session.get(f"http://{found[1].decode()}/json")).json()
                page = next(tab for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    tab = Tab(socket)
                    for part in ("Runtime", "Log", "Network", "Page"):
                        await tab.do(f"{part}.enable")
                    await tab.do("Page.navigate", url=file.as_uri())
                    yield tab
        finally:
            process.terminate()
            await process.wait()


def say(text: str) -> str:
    return f"find('question').value = {json.dumps(text)}; find('form').requestSubmit()"


async def talk_in(file: Path) -> None:
    async with opened(file) as tab:
        await tab.until("document.getElementById('status')?.textContent === 'It is awake.'")
        assert await tab.ask("document.activeElement.id") == "question"
        for number, text in enumerate(("the cat", "<b>who</b> sat on the mat?"), 1):
            await tab.ask(say(text))
            await tab.until("/a second/.test(find('status').textContent)")
            lines = await tab.ask("[...find('talk').children].map((line) => line.textContent)")
            assert len(lines) == 2 * number
            assert lines[-2] == f"you: {text}"
            assert len(lines[-1]) > len("baby: ")
        assert re.fullmatch(r"mood: \w+, colour: #[0-9a-f]{6}", await tab.ask("find('mood').textContent"))
        hurry = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))"
        await tab.ask(f"find('length').value = 400; {say('tell me all')}; {hurry}")
        await tab.until("find('talk').getAttribute('aria-busy') === 'false'")
        await tab.ask("find('forget').click()")
        assert await tab.ask("find('talk').children.length") == 0
        assert "licence: CC BY 4.0" in await tab.ask("find('card').textContent")
        assert [event for event in tab.events if event["method"] in TROUBLE] == []
        sent = [event for event in tab.events if event["method"] == "Network.requestWillBeSent"]
        assert {event["params"]["request"]["url"].partition(":")[0] for event in sent} == {"file", "blob"}


def test_it_talks(body, tmp_path):
    write_page(body, tmp_path / "baby.html")
    asyncio.run(talk_in(tmp_path / "baby.html"))
