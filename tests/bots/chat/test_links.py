"""Links, and what only looks like one."""

from __future__ import annotations

import pytest

from bots.chat.links import has_link, opened


@pytest.mark.parametrize(
    "link",
    [
        "free.gift", "scam.pw", "evil.ai", "bit.do", "evil.zip", "t.ly/x", "x.com", "evil.cloud", "evil.to",
        "evil。com", "192.168.0.1", "evil．com", "пример.рф", "www.x", "https://x", "a.b.com", "evil.so", "notion.so",
        "ok.so/x", "go.to:80", "evil.ｃｏｍ", "evil.com.txt", "evil.comを見て", "EVIL.Com", "a_b.it", "x-1.is",
        "me@evil.de", "evil.com's", "e.xn--p1ai", "evil.com-", "bit.ly", "youtu.be", "discord.gg",
    ],
)  # fmt: skip
def test_links_are_noticed(link):
    """Whatever a chat shows as a link, or a person would open."""
    assert has_link(f"come to {link} now")
    assert has_link(link)


@pytest.mark.parametrize(
    "text",
    [
        "e.g. this", "i.e. that", "wait...what", "3.14", "v1.2", "config.toml", "no. yes", "at 7 p.m.", "12.30 h",
        "ok.so what", "Yes.It is", "i am done.what now", "amazing.but why", "ja.das stimmt", "wait.what.no", "10.am",
        "你好。我们走吧", "so ist es。。ja", "it's pizza.it's good", "and.or/both", "oh no.not that",
        "node.js", "Mr.Smith",
    ],
)  # fmt: skip
def test_what_is_no_link(text):
    """Full stops with a space behind them, and without where no address ends so or two ordinary words stand there;
    figures, abbreviations and names of files."""
    assert not has_link(text)
    assert opened(opened(text)) == opened(text)


def test_sentences_are_opened():
    """What only looks like an address gets its space, so that nobody can click on it; all else stays as it is."""
    assert (
        opened("ok.so what.is it pizza.it's evil.com amazing.but")
        == "ok. so what. is it pizza. it's evil.com amazing.but"
    )
    assert opened("ok.so.it.is.me yes.no") == "ok. so. it. is. me yes. no"
