"""Manners: look-alikes are seen through, innocent words pass, copies are noticed, and nothing leaves the house that
could command, mention or link."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.duplicates import Echoes
from bots.chat.links import has_link, opened, without_links
from bots.chat.moderation import COMMANDS, MENTION, tidy_for_chat, unteachable, without_names
from bots.chat.normalize import MARKS_KEPT, RUN_KEPT, folded, readings, visible, words
from bots.chat.wordlist import SHIPPED, WordList, entry
from school.office.mistakes import Mistake

LISTED = WordList(["darn", "heck*", "дурак", "bass", "fiddlesticks"])
ODD = st.sampled_from("\u200b\u202e\x00\x1b\u0336\u0301\ufeff\ue000\U000e0041/.!@\\ \t\n:aAbZ0€е") | st.characters()
WILD = st.text(ODD, max_size=80) | st.text(max_size=80)

# ---- letters -------------------------------------------------------------------------------------------------------


@given(WILD)
def test_what_is_visible_is_visible(text):
    """No control, format or private characters, no piles of marks, no long runs, single spaces; and it stays so."""
    seen = visible(text)
    assert visible(seen) == seen
    assert seen == " ".join(seen.split())
    marks = longest = run = 0
    for before, c in zip(" " + seen, seen, strict=False):
        kind = unicodedata.category(c)
        assert kind[0] != "C"
        marks = marks + 1 if kind[0] == "M" else 0
        run = run + 1 if c == before else 1
        longest = max(longest, run)
        assert marks <= MARKS_KEPT
    assert longest <= RUN_KEPT


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x24F), max_size=60))
def test_ordinary_writing_is_left_alone(text):
    """Latin letters, figures and punctuation come through, but for spaces and long runs."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if all(plain[i : i + RUN_KEPT + 1] != plain[i] * (RUN_KEPT + 1) for i in range(len(plain))):
        assert visible(text) == plain


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=12))
def test_a_word_reads_as_itself(word):
    """Folding leaves plain letters, and the word itself is among its readings."""
    assert folded(word.upper()) == word
    assert word in readings(word)


@given(WILD)
def test_any_text_can_be_looked_through(text):
    """The list, the filters and the echoes take whatever they are given."""
    assert LISTED.found_in(text) in (True, False)
    assert isinstance(unteachable(visible(text)), str)
    assert Echoes(3).note(text).times == 1


# ---- the list ------------------------------------------------------------------------------------------------------

DRESSED = [
    "darn", "DARN!", "d4rn", "d@rn", "dаrn", "ｄａｒｎ", "𝕕𝕒𝕣𝕟", "ⓓⓐⓡⓝ", "🅳🅰🆁🅽", "d̷a̶r̸n̷", "d\u200ba\u200brn", "d.a.r.n",
    "d a r n it", "d-a-r-n", "daaarrrn", "dárñ", "oh(darn)", "darns", "darned", "darning", "ᴅᴀʀɴ", "d_a_r_n", "*darn*",
    "d - a - r - n", "what the heckle", "ДУРАК", "дурак!", "b a s s", "ba$s", "ḃäs5", "baaass",
    "fiddle\u3164sticks", "fiddle\u115fsticks", "fid\u2800dlesticks", "fiddlesticks69", "1fiddlesticks1",
    "fiddlesticks@",
    "ffiiddddlleesstticckkss", "fᎥddlesticks", "ꓝiddlesticks", "ᖴIᗪᗪᒪEᔕTIᑕKᔕ", "fiddIesticks", "f|ddlesticks",
    "fiddle sticks", "fid dle sti cks", "f i ddlesticks", "fiddlesti¢ks", "fiddlesti(ks", "fi∂∂lesticks",
    "fiddlesticksfiddlesticks", "darndarndarn", "fiddle👏sticks", "fiddl€sticks", "ʄiððlesticks", "fiddlesticks's",
]  # fmt: skip


@pytest.mark.parametrize("text", DRESSED)
def test_a_listed_word_is_found_however_dressed_up(text):
    """Look-alikes, figures, marks, separators, stretching and endings don't hide it."""
    assert LISTED.found_in(text)
    assert LISTED.found_in(f"well {text} then")


@pytest.mark.parametrize(
    "text",
    [
        "darnell",
        "a dar n",
        "shecky",
        "checkers",
        "embassy",
        "bas",
        "the barn",
        "3.14",
        "1337",
        "",
        "d a r",
        "fidle sticks",
    ],
)
def test_an_innocent_word_passes(text):
    """A listed word inside another, or only its beginning, is none."""
    assert not LISTED.found_in(text)


def test_scunthorpe_may_be_spoken_of():
    """The shipped list has no quarrel with the words that such lists are famous for stumbling over."""
    shipped = WordList.read(Path("no such file"))
    innocent = (
        "Scunthorpe Penistone Clitheroe Lightwater assassin classic bass cockpit cocktail shuttlecock therapist grape "
        "drape scrape Essex analysis canal snigger niggardly Niger Nigeria raccoon Maine Coon cocoon tycoon spice "
        "spicy auspicious kite chink night Dickens Hancock skyscraper document circumstance Matsushita Fukushima swank "
        "titillate button mass Hitchcock Dyke Faggioli hoarse wholesome despicable suspicion conspicuous"
    )
    assert [word for word in innocent.split() if shipped.found_in(word)] == []
    assert not shipped.found_in(innocent)


def test_the_shipped_list_is_not_for_reading():
    """It holds digests only, and they work: each of its entries is the digest of what is found."""
    lines = [line for line in SHIPPED.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) >= 15
    assert all(len(digest) == 16 and set(digest) <= set("0123456789abcdef") for digest, _ in map(str.split, lines))
    assert all(set(doubles) <= set("01") for _, doubles in map(str.split, lines))
    assert WordList([], [entry("darn")]).found_in("so D4RN good")
    assert not WordList([]).found_in("darn")


def test_a_streamer_has_a_list_of_their_own(tmp_path):
    """words.txt in the home adds words, remarks aside; one that can't be read is named in one line."""
    own = tmp_path / "words.txt"
    own.write_text("# mine\nfiddlesticks  # dreadful\n\npoppy*\n", "utf-8")
    listed = WordList.read(own)
    assert listed.found_in("oh f1ddlesticks")
    assert listed.found_in("poppycock")
    assert not listed.found_in("mine")
    own.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(Mistake, match=r"words\.txt: can't be read"):
        WordList.read(own)


def test_words_are_pulled_together():
    """Single letters in a row are one word; parts of a word are seen apart and together."""
    assert words("s o u p is g.o.o.d, well-made") == [
        "soup",
        "is",
        "g",
        "o",
        "o",
        "d",
        "good",
        "g.o.o.d",
        "well",
        "made",
        "wellmade",
        "well-made",
    ]


# ---- what may be learned -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I had soup for dinner", ""),
        ("早上好,今天下雨", ""),
        ("доброе утро, малыш", ""),
        ("I ❤ soup 🍲", ""),
        ("hi", "short"),
        ("!?!?", "short"),
        ("Kappa Kappa 7", "short"),
        ("lol lol lol lol lol lol", "repetitive"),
        ("hahahahahahahahaha", "repetitive"),
        ("soup " * 100, "long"),
        ("ᚠᛇᚻ ዳኤ ქართ 漢字 عرب", "unreadable"),
        ("▓▓▒▒░░ hello ▓▓▒▒", "unreadable"),
    ],
)
def test_what_is_worth_learning(text, reason):
    """Real sentences are, in any language; too short, too long, repetitive or random ones are not."""
    assert unteachable(visible(text), emotes=["Kappa"]) == reason


def test_names_are_taken_out():
    """Mentions, and words that are names of those who did not agree, become somebody."""
    text = without_names("@Bob99 and Quentin like soup, quentin's own", lambda word: word.casefold() == "quentin")
    assert text == "someone and someone like soup, someone's own"
    names = {"zoe", "山田太郎", "zanzibarina"}
    assert without_names("zoe met zanzibarinas", names.__contains__) == "someone met someone"
    assert without_names("きのう山田太郎さんと話しました", names.__contains__) == "きのうsomeoneさんと話しました"
    assert without_names("a zoetrope", names.__contains__) == "a zoetrope"


# ---- echoes --------------------------------------------------------------------------------------------------------

PASTA = "this is the famous pasta that everybody copies into every chat again and again, copy it or have bad luck"


def test_the_same_again_is_an_echo():
    """A copy, a nearly equal copy and a copy with something around it count as one; other lines don't."""
    echoes = Echoes(100)
    assert echoes.find(PASTA) is None
    assert echoes.note(PASTA).times == 1
    assert echoes.note(PASTA.upper() + "!!!").times == 2
    assert echoes.note(PASTA.replace("famous", "great")).times == 3
    assert echoes.find(PASTA).times == 3
    assert echoes.note(f"hey everybody read this now: {PASTA} LUL").times == 4
    assert echoes.note("I had soup with my famous aunt, and luck with the bad weather").times == 1
    assert len(echoes) == 2


def test_short_lines_are_echoes_only_of_themselves():
    """A greeting is no echo of a sentence that has it."""
    echoes = Echoes(100)
    echoes.note("hello")
    assert echoes.note("hello how was your day?").times == 1
    assert echoes.note("HELLO!").times == 2
    assert echoes.note("👍").times == 1
    assert echoes.note("👍").times == 2


def test_crafted_lines_take_no_longer(monkeypatch):
    """Hundreds of lines with nearly half in common are different, a copy among them is noticed, and what is looked at
    for one is bounded."""
    monkeypatch.setattr("bots.chat.duplicates.LOOKED_AT", 300)
    echoes, half = Echoes(500), " ".join(f"{i * i:x}" for i in range(100, 140))
    lines = [f"{half} " + " ".join(f"{i * 7919 + j * j:x}" for j in range(40, 100)) for i in range(1000, 1300)]
    started = time.perf_counter()
    assert all(echoes.note(line).times == 1 for line in lines)
    assert all(echoes.note(line).times == 2 for line in lines[::10])
    assert (time.perf_counter() - started) / 330 < 0.05


def test_echoes_are_bounded():
    """Only the window is remembered, pieces included."""
    echoes = Echoes(10)
    for i in range(200):
        echoes.note(f"line {i * 7919} of many {i * 104729}")
    assert len(echoes) == 10
    assert len(echoes._holding) < 10 * 60
    assert echoes.note("line 0 of many 0").times == 1


# ---- what may be said ----------------------------------------------------------------------------------------------


@given(WILD, st.sampled_from(["!", "!!", "baby "]), st.sets(st.sampled_from(["ann", "bob"])))
def test_what_is_sent_is_harmless(text, prefix, known):
    """Nothing unseen, no beginning that a program obeys, no mention but of the known, no link; and it stays so."""
    said = tidy_for_chat(text, known=known, without_links=without_links, prefix=prefix)
    assert said == tidy_for_chat(said, known=known, without_links=without_links, prefix=prefix)
    assert said == visible(said)
    assert not said.startswith((*COMMANDS, prefix))
    assert not has_link(said)
    assert {name.casefold() for name in MENTION.findall(said)} <= known


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/ban ann", "ban ann"),
        ("  ./!...me waves", "me waves"),
        ("!!baby hello", "baby hello"),
        ("hello @ann and @stranger", "hello @ann and stranger"),
        ("see https://evil.example/x?y now", "see now"),
        ("see evil.com", "see"),
        ("nooooooooooooo", "nooo"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("...", ""),
        ("$cash all-in", "cash all-in"),
        ("\u3164\u2800/ban ann", "ban ann"),
        ("\u0338~points", "points"),
        ("?help #me -x", "help #me -x"),
        ("．/ban ＠everyone", "ban everyone"),
        ("well. I think so", "well. I think so"),
        ("ok.so what.is it", "ok. so what. is it"),
        ("done.the end", "done.the end"),
    ],
)
def test_how_it_is_tidied(text, said):
    assert tidy_for_chat(text, known=["Ann"], without_links=without_links, prefix="!") == said


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


def test_links_may_be_allowed():
    """Where links are allowed they stay."""
    assert tidy_for_chat("see www.soup.org", without_links=None) == "see www.soup.org"
