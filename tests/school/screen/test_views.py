"""Views of the lessons: golden renderings, asserted on what they say; bands with the right end up; nothing torn."""

from __future__ import annotations

import io
import logging
import math
import random
import re
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.gauges import by_name, from_names
from brain.species.llama_config import LlamaConfig
from school.door.events import Examined, ExamResult, Glimpse, Saved, StepReport
from school.door.values import Snapshot
from school.office.stopwatch import Minute
from school.screen import announcer as announcer_module
from school.screen.announcer import Announcer, Screen
from school.screen.bands import BANDS, NEUTRAL, UNKNOWN, Figure, band_of
from school.screen.figures import Figures
from school.screen.history import FEWEST, History
from school.screen.status import status_lines
from school.screen.views import LABEL, Turn, bar, compact, full, painted, plain, sparkline
from tests.conftest import make_tutor, take_steps

WIDTHS = (60, 100, 160)
GAUGES = from_names({
    "blend_token": 0.5, "blend_position": 0.3, "blend_pixel": 0.2, "window1": 1.0, "window2": 2.5, "window3": 31.25,
    "memory1_short": 0.684, "memory1_long": 0.95, "memory2_short": 0.894, "memory2_long": 0.99,
    "temperature": 1.01, "repetition_penalty": 0.29,
})  # fmt: skip
SHARES = from_names({
    "window1": 0.25, "window2": 0.35, "window3": 0.4, "memory1_short": 0.26,
    "memory1_long": 0.16, "memory1_present": 0.31, "memory1_answer": 0.27,
    "memory2_short": 0.26, "memory2_long": 0.23, "memory2_present": 0.33,
    "memory2_answer": 0.18,
})  # fmt: skip
GLIMPSE = Glimpse(
    targets=("the", " cat", "\n", " s\x1b[31mat", " on", " the", " mat", "") * 3,
    guesses=("the", " dog", "\n", " s\x1b[31mat", " in", " a", " mat", "x") * 3,
    hits=(True, False, True, True, False, False, True, False) * 3,
    shares=SHARES,
)
TURN = Turn(
    step=1234,
    figures={
        "loss": Figure("2.345", BANDS[-1], best="2.301"),
        "bits/byte": Figure("1.612", BANDS[0], worst="1.700"),
        "right": Figure("43%", BANDS[3]),
        "norm": Figure("0.81", NEUTRAL),
        "tokens/s": Figure("2.2k"),
        "held-out": Figure("1.543", BANDS[4]),
        "temperature": Figure("1.01", NEUTRAL),
        "rate": Figure("1.2e-03", NEUTRAL),
    },
    losses=[3.0 - i / 50 for i in range(50)],
    color=(0.41, 0.33, 0.62),
    expected=(0.38, 0.36, 0.55),
    mood="proud",
    gauges=GAUGES,
    glimpse=GLIMPSE,
    minute=Minute(seconds=60, parts={"forward": 24.0, "backward": 30.0, "saving": 6.0}),
)


def lines_of(view, width: int) -> list[str]:
    return painted(view(TURN, width), width, colours=None).splitlines()


def line_with(lines: list[str], start: str) -> str:
    (line,) = [line for line in lines if line.strip().startswith(start)]
    return line


# ---- golden renderings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_the_full_view_shows_everything_at_any_width(width):
    """Every figure, window, gate, decay and share is there with its value, no line is wider than the screen, and
    nothing commands the terminal."""
    lines = lines_of(full, width)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    for part in ("step 1,234", "proud", "loss 2.345 ★2.301", "bits/byte 1.612 ▼1.700", "right 43%", "norm 0.81",
                 "2.2k tokens/s", "held-out 1.543", "temperature 1.01", "rate 1.2e-03", "1.0 25 %", "2.5 35 %",
                 "31.2 40 %", "short 26 % keeps 0.684", "long 16 % keeps 0.950", "present 31 %", "answer 27 %",
                 "long 23 % keeps 0.990", "answer 18 %", "token 50 %", "position 30 %", "pixel 20 %", "forward 40 %",
                 "backward 50 %", "saving 10 %", "12 of 24 guessed"):  # fmt: skip
        assert part in text, part
    assert "\x1b" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_compact_view_is_three_lines(width):
    """The most telling figures that fit, and the two colours; the wider the screen, the more figures."""
    first, expected, true = lines_of(compact, width)
    assert max(map(len, (first, expected, true))) <= width
    assert first.startswith("step 1,234 · loss 2.345 ★2.301 ")
    assert "proud" in first
    assert ("held-out 1.543" in first, "2.2k tokens/s" in first) == (width > 60, width > 60)
    assert ("right 43%" in first, "bits/byte 1.612" in first) == (width > 60, width > 100)
    assert [figure in expected for figure in ("0.38", "0.36", "0.55")] == [True] * 3
    assert [figure in true for figure in ("0.41", "0.33", "0.62")] == [True] * 3


@pytest.mark.parametrize("width", WIDTHS)
def test_the_two_bars_are_as_long_as_their_channels(width):
    """Expected above true, a bar per channel in proportion, whatever the room."""
    for line, color in zip(lines_of(compact, width)[1:], (TURN.expected, TURN.color), strict=True):
        bars = re.findall(r"[rgb] ([█▏▎▍▌▋▊▉ ]*)\d", line)
        assert len({len(one) for one in bars}) == 1
        for one, channel in zip(bars, color, strict=True):
            filled = one.count("█") + (len(one.strip()) - one.count("█")) / 2
            assert filled / len(one) == pytest.approx(channel, abs=0.75 / len(one))


def test_truth_and_guess_stand_below_each_other():
    """Token by token: a hit is marked, a miss says what was guessed; line ends and marks are visible."""
    lines = lines_of(full, 100)
    truth, guess = line_with(lines, "truth"), line_with(lines, "guess")
    pairs = list(zip(truth[LABEL:].split("│"), guess[LABEL:].split("│"), strict=True))
    assert pairs[:8] == [
        ("the", "═══"), (" cat", " dog"), ("⏎", "═"), (" s[31mat", "════════"), (" on", " in"), (" the", " a  "),
        (" mat", "════"), ("◆", "x"),
    ]  # fmt: skip
    assert [len(a) for a, _ in pairs] == [len(b) for _, b in pairs]


def test_a_plain_line_for_pipes():
    """One line without signs that a log or a dumb terminal lacks, with the record in words."""
    line = plain(TURN)
    assert line == (
        "step 1,234 · loss 2.345 (best ever 2.301) · held-out 1.543 · 2.2k tokens/s"
        " · colour 0.41/0.33/0.62 (it expected 0.38/0.36/0.55) · proud"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_colours_only_where_there_are_some(width):
    """Without colours there is no escape code; with them the same words are there, records gold, misses and good
    figures in their bands' colours, and the blocks in the very colours they stand for."""
    lines = full(TURN, width)
    bare, painted_ = (painted(lines, width, colours=colours) for colours in (None, "truecolor"))
    assert "\x1b" not in bare
    without_codes = re.sub(r"\x1b\[[\d;]*m", "", painted_)
    assert [line.rstrip() for line in without_codes.splitlines()] == [line.rstrip() for line in bare.splitlines()]
    for rgb in ("38;2;255;215;0", "48;2;97;92;140", "48;2;105;84;158", "38;2;111;155;255"):
        assert rgb in painted_, rgb


def test_what_is_unknown_is_left_out():
    """A first turn, or another species, shows what there is and no empty rows."""
    empty = painted(full(Turn(step=1), 80), 80, colours=None).splitlines()
    assert [line.split()[0] for line in empty] == ["──", "expected", "true"]
    llama = Turn(step=1, gauges=from_names({"blend_token": 0.9, "blend_pixel": 0.1, "layer1_attention": 0.0625}))
    text = painted(full(llama, 80), 80, colours=None)
    assert "1 attention 0.0625" in text
    assert "windows" not in text
    assert len(compact(Turn(step=1, color=(math.nan,) * 3), 60)) == 3


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8), st.booleans()), min_size=1, max_size=12),
    st.integers(min_value=40, max_value=120),
)
def test_no_token_can_command_the_terminal_or_break_a_line(tokens, width):
    """Whatever the library holds: no control characters, no line wider than the screen."""
    targets, guesses, hits = zip(*tokens, strict=True)
    glimpse = Glimpse(targets=targets, guesses=guesses, hits=hits, shares=())
    lines = full(Turn(step=1, glimpse=glimpse), width)
    assert all(line.cell_len <= width for line in lines)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(line.plain for line in lines))


def test_bars_and_sparklines():
    """In eighths of a cell; the course of values from low to high, flat where nothing moves."""
    assert [bar(share, 4) for share in (0, 0.5, 0.53125, 1, 7, -1, math.nan)] == [
        "    ", "██  ", "██▏ ", "████", "████", "    ", "    ",
    ]  # fmt: skip
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([5.0] * 9, 3) == "▄▄▄"
    assert sparkline([1.0], 5) == "" == sparkline([], 5)


# ---- histories, bands, records -------------------------------------------------------------------------------------


def test_a_history_knows_percentiles_as_sorting_would():
    """Ranks agree with counting, for values that repeat and after old ones have left."""
    rng, history, values = random.Random(0), History(limit=50), []
    for _ in range(200):
        values.append(rng.choice([rng.random(), 0.5]))
        history.add(values[-1])
    latest = values[-50:]
    for value in (*latest[:10], 0.5, -1.0, 2.0):
        below, equal = sum(v < value for v in latest), sum(v == value for v in latest)
        assert history.rank(value) == pytest.approx((below + equal / 2) / 50)
    assert (len(history), history.lowest, history.highest) == (50, min(values), max(values))
    assert history.latest(3) == values[-3:]
    history.add(math.nan)
    assert history.latest(1) == values[-1:]
    assert History().rank(1.0) is None


@pytest.mark.parametrize(("better", "good", "bad"), [("low", 0.01, 0.99), ("high", 0.99, 0.01)])
def test_the_right_end_is_up(better, good, bad):
    """A low loss is superb, a low accuracy awful; what is neither is dim; the middle is as usual."""
    assert band_of(good, better).word == "superb"
    assert band_of(bad, better).word == "awful"
    assert band_of(0.5, better).word == "usual"
    assert band_of(good, "") is NEUTRAL
    assert band_of(None, better) is UNKNOWN


def step_of(step: int, loss: float, accuracy: float = 0.4, **more) -> StepReport:
    values = {
        "step": step, "loss": loss, "bits_per_byte": loss / 2, "accuracy": accuracy, "gradient_norm": 1.0,
        "learning_rate": 1e-3, "tokens": 100, "review_tokens": 0, "seconds": 0.1, "color": (0.4, 0.3, 0.6),
        "expected": (0.4, 0.3, 0.5),
    }  # fmt: skip
    return StepReport(**values | more)


def test_records_and_worst_values_are_flagged_until_the_turn_is_over():
    """A new lowest loss since the last turn is the best ever, a new highest the worst; an older record is no news."""
    figures = Figures([step_of(i, 3.0 + i % 7 / 10) for i in range(FEWEST)])
    assert figures.of(step_of(21, 3.3), Snapshot())["loss"] == Figure("3.300", band_of(0.5, "low"))
    for report in (step_of(21, 2.5), step_of(22, 3.2), step_of(23, 4.5, 0.1)):
        figures.follow(report)
    shown = figures.of(step_of(22, 3.2), Snapshot())
    assert (shown["loss"].text, shown["loss"].best, shown["loss"].worst) == ("3.200", "2.500", "4.500")
    assert (shown["right"].best, shown["right"].worst) == ("", "10%")
    figures.turn_over()
    assert (figures.of(step_of(24, 3.2), Snapshot())["loss"].best) == ""
    figures.follow(step_of(25, math.nan, skipped=True))
    assert figures.histories["loss"].highest == 4.5


# ---- the announcer -------------------------------------------------------------------------------------------------


class Stage:
    """An announcer with a clock that is set by hand and a screen that keeps what was shown."""

    def __init__(self, view: str, *, drawn: bool = True, colours: str | None = None):
        self.now, self.shown = 100.0, []
        screen = Screen(show=self.shown.append, colours=colours, drawn=drawn, width=lambda: 80)
        self.announcer = Announcer(
            screen,
            view=view,
            every_seconds=10,
            status=lambda: Snapshot(mood="calm", gauges=GAUGES),
            minute=lambda: Minute(seconds=60, parts={"forward": 60.0}),
            clock=lambda: self.now,
        )

    def steps(self, first: int, last: int, **more) -> list[str]:
        """Tell of steps; returns what was shown of them."""
        before = len(self.shown)
        for step in range(first, last + 1):
            self.announcer.tell(step_of(step, 3.0, **more))
        self.announcer.catch_up()
        return self.shown[before:]


def test_a_turn_is_shown_now_and_then():
    """One text for all that happened, whole lines, not before it is due; saves and the like are told at once."""
    stage = Stage("compact")
    (text,) = stage.steps(1, 5)
    assert text.startswith("step 1 ")
    assert len(text.splitlines()) == 3
    assert stage.steps(6, 9) == []
    stage.now += 11
    assert stage.steps(10, 10)[0].startswith("step 10")
    for saved in (Saved(10, "soul/step-10"), Saved(11, None, "disk full")):  # which the log tells
        stage.announcer.tell(saved)
    stage.announcer.catch_up()
    assert stage.shown[-1] == "soul saved at step 10"


def test_the_view_is_chosen_while_it_runs(caplog):
    """/view: full waits for a step that was looked at and asks for one only; off shows nothing; a screen that can't
    draw has plain lines. The log never has the words of a glimpse."""
    caplog.set_level(logging.INFO)
    stage = Stage("compact")
    assert not stage.announcer.look()
    assert "from the next step on" in stage.announcer.choose("FULL")
    assert stage.announcer.look()
    assert stage.steps(1, 3) == []
    stage.announcer.tell(step_of(4, 3.0, glimpse=GLIMPSE))
    assert not stage.announcer.look()
    (text,) = stage.steps(5, 6)
    assert "step 4 " in text
    assert "12 of 24 guessed" in text
    assert not stage.announcer.look()  # not due
    stage.now += 11
    assert stage.announcer.look()
    assert "step 4" in caplog.text
    assert " cat" not in caplog.text
    assert caplog.records[-1].facts["loss"] == 3.0
    assert "full|compact|plain|off: how much of the lessons is shown; now it is full" in stage.announcer.choose("loud")
    stage.announcer.choose("off")
    assert stage.steps(7, 9) == []
    plain_only = Stage("full", drawn=False)
    assert plain_only.announcer.view == "plain"
    assert "stays plain" in plain_only.announcer.choose("compact")
    (line,) = plain_only.steps(1, 2)
    assert line.startswith("step 1 · loss 3.000")


def test_showing_never_takes_much_of_the_time(monkeypatch):
    """However often it is asked to, it shows only so often that it takes half a percent."""
    stage = Stage("compact")
    ticks = iter(range(0, 1000, 2))
    slow = SimpleNamespace(perf_counter=lambda: float(next(ticks)))  # showing takes 2 s
    monkeypatch.setattr(announcer_module, "time", slow)  # nobody else's: other threads look at the clock, too
    assert stage.steps(1, 1)
    stage.now += 2 * announcer_module.SPARE - 1
    assert stage.steps(2, 2) == []
    stage.now += 2
    assert stage.steps(3, 3)


def test_an_examination_is_told():
    """With the figure, at most once a turn, and only where it is news."""
    stage = Stage("plain")
    for step, bits in enumerate((2.0, 1.9, 2.0001, 1.8)):
        stage.now += 11 * (step != 1)
        result = ExamResult(
            bits_per_byte=bits, accuracy=0.4, tokens=1, bytes=1, temperature=1.0, self_state_error=0.1, repeats=0.0
        )
        stage.announcer.tell(Examined(result, step, {}))
        stage.announcer.catch_up()
    assert stage.shown == [
        "examined at step 0: 2.000 bits/byte on text it was never taught",
        "examined at step 3: 1.800 bits/byte on text it was never taught",
    ]


def test_a_mention_comes_behind_what_it_is_about():
    """It waits for a moment, whatever the view, and several keep their order."""
    stage = Stage("off")
    stage.announcer.mention("nicely put")
    stage.announcer.catch_up()
    assert stage.shown == []
    stage.now += announcer_module.LISTEN_SECONDS / 2
    stage.announcer.mention("hm, yes")
    stage.now += announcer_module.LISTEN_SECONDS / 2
    stage.announcer.catch_up()
    assert stage.shown == ["nicely put"]
    stage.now += announcer_module.LISTEN_SECONDS
    stage.announcer.catch_up()
    assert stage.shown == ["nicely put", "hm, yes"]


@pytest.mark.parametrize(
    ("environment", "tty", "drawn", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, True, "truecolor"),
        ({"TERM": "xterm-256color", "COLORTERM": ""}, True, True, "256"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, True, None),
        ({"TERM": "dumb"}, True, False, None),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, False, False, None),
    ],
)
def test_what_a_screen_can_do(monkeypatch, environment, tty, drawn, colours):
    """Colours as the terminal has them; none with NO_COLOR, and plain lines for pipes and dumb terminals."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: tty
    screen = Screen.on(stream, print)
    assert (screen.drawn, screen.colours) == (drawn, colours)


# ---- the tutor's part ----------------------------------------------------------------------------------------------


def test_a_glimpse_is_what_it_read_and_guessed_and_disturbs_nothing(librarian):
    """Looked-at steps have the last targets of the first stream, the guesses and where it listened; others have none;
    the lessons are the same, bit for bit."""
    looked_at, alone = make_tutor(librarian), make_tutor(librarian)
    reports = []
    while len(reports) < 3:
        if report := looked_at.micro_step(look=looked_at.step == 1):
            reports.append(report)
    others = take_steps(alone, 3)
    assert [report.loss for report in reports] == [report.loss for report in others]
    assert [report.glimpse is not None for report in reports] == [False, True, False]
    glimpse = reports[1].glimpse
    text = librarian.tokenizer.decode(librarian.texts[0].learn.tolist())
    assert "".join(glimpse.targets) in text
    assert len(glimpse.targets) == len(glimpse.guesses) == 16
    assert all(a == b for a, b, hit in zip(glimpse.targets, glimpse.guesses, glimpse.hits, strict=True) if hit)
    for memory in (1, 2):
        shares = [gauge.value for gauge in glimpse.shares if (gauge.kind, gauge.index) == ("memory", memory)]
        assert sum(shares) == pytest.approx(1)
    assert sum(gauge.value for gauge in glimpse.shares if gauge.kind == "window") == pytest.approx(1)


def test_the_shares_are_those_of_the_forward_pass(librarian):
    """Where a gate lets only the present through, all shares are the present's, as in the block itself."""
    import torch

    brain = make_tutor(librarian).brain
    with torch.no_grad():
        brain.memory1.gate.weight.zero_()
        brain.memory1.gate.bias.view(4, -1).copy_(torch.tensor([0.0, 0.0, 30.0, 0.0])[:, None])
    tokens, pixels, state = torch.zeros(1, 5, dtype=torch.int64), torch.full((1, 5, 3), 0.5), brain.fresh_state(1)
    shares = by_name(brain.source_shares(tokens, pixels, state))
    assert shares["memory1_present"] == pytest.approx(1)
    inputs = torch.randn(5, 1, brain.neuron_count)
    assert torch.allclose(brain.memory1(inputs, torch.zeros(2, 1, brain.neuron_count))[0], inputs, atol=1e-5)


def test_another_species_has_gauges_of_its_own(tokenizer):
    """The llama says what the colour contributes and how loudly its layers speak; shares add up."""
    from tests.conftest import make_brain

    shape = LlamaConfig(vocabulary=300, embed_width=16, layers=2, heads=2, key_heads=1, hidden_width=24, context=16)
    gauges = by_name(make_brain(tokenizer, config=shape).gauges())
    assert gauges["blend_token"] + gauges["blend_pixel"] == pytest.approx(1)
    assert {"layer1_attention", "layer1_feed", "layer2_attention", "layer2_feed"} <= gauges.keys()
    assert all(value > 0 for value in gauges.values())


def test_the_status_says_how_much_it_knows_by_heart():
    """Where the owner taught an answer, and an examination has asked for it."""
    assert "; of 3 answers that you taught it knows 2 by heart" in "\n".join(status_lines(Snapshot(asked=3, known=2)))
    assert "by heart" not in "\n".join(status_lines(Snapshot(pairs=7)))


def test_its_status_speaks_of_no_windows():
    """/status names the window sizes of a species that has some, and says nothing of them for one that has none."""
    with_windows = "\n".join(status_lines(Snapshot(gauges=from_names({"repetition_penalty": 0.5, "window1": 2.0}))))
    without = "\n".join(status_lines(Snapshot(gauges=from_names({"repetition_penalty": 0.5}))))
    assert "repetition penalty 0.50, windows of 2.0 tokens" in with_windows
    assert "repetition penalty 0.50\n" in without
