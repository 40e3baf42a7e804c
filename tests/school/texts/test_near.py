"""What is said again in nearly the same words is found, verified, and left out once."""

from __future__ import annotations

import random
import re

import pytest

from school.texts.near import LEAST, SHINGLE, Drop, counts_of, find_near, find_repeated, paragraphs, without

WORDS = (
    "fox moon river soup boat letter rain window bread garden stone night lamp cat road tea sister harbour key wall "
    "song bell coat apple winter market kettle ladder mirror pocket"
)


def paragraph(rng: random.Random, words: int = 60) -> str:
    return " ".join(rng.choices(WORDS.split(), k=words)).capitalize() + "."


def diary(seed: int, count: int = 12) -> list[str]:
    rng = random.Random(seed)
    return [paragraph(rng, rng.randint(LEAST, 90)) for _ in range(count)]


def edited(text: str, rng: random.Random, share: float = 0.05) -> str:
    words = text.split()
    for i in rng.sample(range(len(words)), max(1, round(share * len(words)))):
        words[i] = rng.choice(["ought", "seldom", f"{words[i]}s"])
    return " ".join(words)


def jaccard(one: str, other: str) -> float:
    """Plainly, of texts without marks."""
    a, b = (
        {tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}
        for words in (text.lower().replace(".", "").split() for text in (one, other))
    )
    return len(a & b) / len(a | b)


def gone(texts: list[str], drops: list[Drop], number: int) -> list[str]:
    return [texts[number][drop.start : drop.stop] for drop in drops if drop.text == number]


def test_edited_copies_are_found():
    """One word in twenty is another: all paragraphs but one in a hundred go from the shorter text, none from the
    longer, and nothing goes that isn't alike."""
    rng = random.Random(1)
    long, draft = diary(2, 300), []
    for one in long[:100]:
        draft += [edited(one, rng), paragraph(rng)]
    texts = ["\n\n".join(draft), "\n\n".join(long)]
    drops = find_near(texts)
    assert {drop.text for drop in drops} == {0}
    assert 99 <= len(drops) <= 100
    for drop in drops:
        number, start, stop = drop.like
        assert jaccard(texts[0][drop.start : drop.stop], texts[number][start:stop]) >= 0.6
    assert without(texts[0], drops).split() == [
        word for one in draft if one not in gone(texts, drops, 0) for word in one.split()
    ]


def test_what_only_resembles_stays():
    """The same words in another order, half a paragraph, and short ones."""
    rng = random.Random(3)
    one = paragraph(rng, 60)
    shuffled = rng.sample(one.split(), 60)
    texts = [one, " ".join(shuffled), " ".join(one.split()[:25]), "The fox ate soup.", "The fox ate the soup."]
    assert find_near(texts) == []


def test_exact_copies_are_left_to_those_who_find_them():
    """Another text's paragraph, to the letter, stays; the same text's own goes."""
    first, second = diary(4, 3)[:2]
    assert find_near([f"{first}\n\n{second}", first]) == []
    text = f"{first}\n\n{second}\n\n{first}\n"
    (drop,) = find_near([text])
    assert (drop.why, text[drop.start : drop.stop]) == ("said before", first)
    assert drop.like == (0, 0, len(first))
    assert without(text, [drop]).split() == f"{first} {second}".split()


def test_runs_of_paragraphs_are_one_passage():
    """Neighbours that go together are told as one."""
    rng = random.Random(5)
    old = diary(5, 8)
    texts = ["\n\n".join([*diary(6, 6), *old]), "\n\n".join(["My own.", *(edited(one, rng) for one in old)])]
    (drop,) = find_near(texts)
    assert (drop.text, drop.why) == (1, "nearly the same")
    assert without(texts[1], [drop]).strip() == "My own."


SIGNATURE = "This letter is meant for you alone; if you are somebody else, burn it. Sheet {}."


def test_boilerplate_stays_once():
    """What stands in five texts, whatever its number, stays in the longest; in four it stays."""
    texts = ["\n\n".join([*diary(10 + i, 3 + i), SIGNATURE.format(i)]) for i in range(6)]
    drops = find_near(texts)
    assert counts_of(drops) == {"boilerplate": 5}
    assert {drop.text for drop in drops} == {number for number in range(6) if number != drops[0].like[0]}
    assert all(gone(texts, drops, drop.text) == [SIGNATURE.format(drop.text)] for drop in drops)
    assert len(texts[drops[0].like[0]]) == max(map(len, texts))
    assert find_near(texts[:4]) == []


def test_a_file_in_many_copies_is_no_boilerplate():
    """They are copies, for copies.py to tell."""
    assert find_near(["\n\n".join(diary(7))] * 6) == []


def test_the_same_texts_lose_the_same_passages():
    """In whatever order sets are: twice, and with the texts turned round."""
    rng = random.Random(8)
    texts = ["\n\n".join(diary(8, 20)), "\n\n".join(edited(one, rng) for one in diary(8, 20)[:15])]
    drops = find_near(texts)
    assert drops == find_near(list(texts))
    turned = [Drop(1 - d.text, d.start, d.stop, d.why, (1 - d.like[0], *d.like[1:])) for d in find_near(texts[::-1])]
    assert turned == drops


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("\n \n", []),
        ("a b\nc\n\nd\n", ["a b\nc", "d"]),
        ("x\n" + "w " * 30 + "\ny\nz", ["x", "w " * 30, "y\nz"]),
    ],
)
def test_paragraphs(text, wanted):
    assert [text[start:stop] for start, stop in paragraphs(text)] == wanted


def test_paragraphs_of_any_lines():
    """As an expression finds lines that say something."""
    rng, line = random.Random(5), re.compile(r"[^\n]*\S[^\n]*")
    bits = [
        "a",
        " ",
        "\n",
        "\n\n",
        "\x1c",
        "\u3000",
        "\t",
        "a " * LEAST,
        "b " * 200,
        "long " + "x" * 200 + " y" * LEAST,
    ]
    for _ in range(2000):
        text = "".join(rng.choices(bits, k=rng.randint(0, 9)))
        lines = [match.span() for match in line.finditer(text)]
        spans = list(paragraphs(text))
        alone = [(a, b) for a, b in lines if text.count(" ", a, b) >= LEAST - 1]
        assert set(alone) <= set(spans)
        assert [match.span() for a, b in spans for match in line.finditer(text, a, b)] == lines
        for (_, a), (b, _) in zip(spans, spans[1:], strict=False):
            assert text.count("\n", a, b) > 1 or {(a, b) for a, b in spans} & set(alone)


def test_repeated_messages():
    """What a program says every hour, whatever its number, stays once; what people say now and then stays."""
    rng = random.Random(9)
    long = paragraph(rng, 40)
    messages = [
        "Follow the channel and win 10 carrots!",
        "lol",
        "good night everyone",
        "Follow the channel and win 25 carrots!",
        "lol",
        long,
        "see you at the harbour tomorrow",
        "follow the channel, and win 3 carrots",
        "good night everyone",
        edited(long, rng),
        "lol",
        "good night everyone",
        "see you at the harbour tomorrow",
    ]
    assert find_repeated(messages) == {3: 0, 7: 0, 9: 5}
    assert find_repeated([]) == {}
