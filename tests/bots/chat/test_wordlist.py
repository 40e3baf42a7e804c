"""The list of words: found however they are dressed up, while innocent words pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bots.chat.wordlist import SHIPPED, WordList, entry
from school.office.mistakes import Mistake
from tests.bots.chat.wild import LISTED

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
    own.unlink()
    os.mkfifo(own)
    with pytest.raises(Mistake, match=r"words\.txt: can't be read \(it is a pipe"):
        WordList.read(own)
