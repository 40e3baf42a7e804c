"""Settings: strict, frozen, and every refusal is one line that says where, which key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pydantic import Field, ValidationError

import wakeup
from bots.settings import Settings, generated
from bots.twitch.settings import OfTwitch
from school.office.mistakes import Mistake
from school.office.settings import EXPERT, Slice, Some, allowed, as_markdown, as_toml, is_expert, read_settings
from school.schedule.settings import BellSettings
from school.settings import REMOVED
from school.teaching.brain_settings import BrainSettings

TREE = Settings
SHIPPED = wakeup.REPOSITORY / "config.toml"
EVERYTHING = Path(__file__).with_name("every_setting.toml")  # as it was shipped when all settings were in it
EVERY_KEY = [
    (section, key, field)
    for section, part in TREE.model_fields.items()
    for key, field in part.annotation.model_fields.items()
]


def refusal(*changes: str, file: Path | None = None) -> str:
    """The one line with which these settings are refused."""
    with pytest.raises(Mistake) as caught:
        read_settings(TREE, file, list(changes))
    line = str(caught.value)
    assert line
    assert len(line.splitlines()) == 1
    assert caught.value.__cause__ is None
    return line


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "mine.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


# ---- the shipped file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", generated())
def test_what_is_made_from_the_settings_is_current(name: str):
    """config.toml and docs/settings.md are, letter for letter, what is made of the settings: `make settings`."""
    assert wakeup.REPOSITORY.joinpath(name).read_text("utf-8") == generated()[name]


def test_reading_the_shipped_config_changes_nothing():
    """The settings read from config.toml equal those of no file at all."""
    assert read_settings(TREE, SHIPPED, []) == read_settings(TREE, None, [])


@pytest.mark.parametrize(("section", "key", "field"), EVERY_KEY, ids=[f"{s}.{k}" for s, k, _ in EVERY_KEY])
def test_every_key_explains_itself(section: str, key: str, field: Any):
    """Every setting has a one-line description, a default, and words for what is allowed; its line is in the file, or
    only on the page about settings if few people change it."""
    assert field.description
    assert len(field.description.splitlines()) == 1
    assert not field.is_required()
    assert allowed(field)
    part = SHIPPED.read_text("utf-8").partition(f"[{section}]\n")[2].partition("\n\n")[0]
    lines = [line for line in part.splitlines() if line.startswith(f"{key} = ")]
    assert len(lines) == (not is_expert(field))
    assert all(line.endswith(f"# {field.description}") for line in lines)
    table = generated()["docs/settings.md"].partition(f"## [{section}]\n")[2].partition("\n## ")[0]
    assert len([line for line in table.splitlines() if line.startswith(f"| `{key}` | `")]) == 1


def test_few_settings_are_what_people_change():
    """The shipped file is short enough to be read."""
    assert sum(" = " in line for line in SHIPPED.read_text("utf-8").splitlines()) <= 80


def test_a_file_with_every_setting_of_once_still_works():
    """A config.toml from when all settings were in it is read as it was meant; what is no longer a setting is told in
    one line and ignored."""
    told = []
    got = read_settings(TREE, EVERYTHING, [], removed=REMOVED, tell=told.append)
    assert len(told) <= 1
    others_since_then = [
        "chat.raid_people=15", "lessons.anchor=4.0", "lessons.dialogue_share=0.05", "speech.temperature=0.8",
    ]  # fmt: skip
    assert got == read_settings(TREE, None, others_since_then)


def test_what_was_removed_is_named_and_ignored(tmp_path: Path):
    """Settings and sections that are gone are taken out, wherever they came from, and told in one line with the
    reason; everything else stands, and what never was a setting is still refused."""

    class Cage(Slice):
        lions: int = Field(1, description="how many")

    class Zoo(Slice):
        cage: Cage = Field(default_factory=Cage)

    told = []
    removed = {"cage.hay": "lions eat none", "pond": "it dried up", "cage.rope": "unused"}
    file = written(tmp_path, "[cage]\nlions = 2\nhay = 3\n[pond]\nfish = 4\n")
    got = read_settings(Zoo, file, ["cage.hay=5"], removed=removed, tell=told.append)
    assert got.cage.lions == 2
    said = "no longer a setting and ignored: cage.hay (lions eat none); pond (it dried up)."
    assert told == [f"--set, {file}: {said}"]
    assert read_settings(Zoo, None, ["cage.lions=3"], removed=removed, tell=told.append).cage.lions == 3
    assert len(told) == 1
    with pytest.raises(Mistake, match="cage.tigers is not a setting"):
        read_settings(Zoo, None, ["cage.tigers=3"], removed=removed)


@pytest.mark.parametrize("some", [BellSettings, OfTwitch])
def test_a_look_knows_of_nothing_that_went(some: type[Some]):
    """Commands that look hold against the settings what they go by, and nothing that went is in those sections; what
    else was given is let be."""
    sections = set(some.model_fields)
    assert not {name.partition(".")[0] for name in REMOVED} & sections
    assert {name: some.model_fields[name].annotation for name in sections} == {
        name: TREE.model_fields[name].annotation for name in sections
    }
    assert read_settings(some, None, ["cage.lions=3"]) == some()
    (section, *_) = some.model_fields
    with pytest.raises(Mistake, match=f"--set: {section}.lions is not a setting"):
        read_settings(some, None, [f"{section}.lions=3"])


def test_what_few_people_change_is_taken_but_not_shown(tmp_path: Path):
    """A setting marked for experts is accepted, explained on the page, and left out of the file; a section of nothing
    else, too."""

    class Cage(Slice):
        lions: int = Field(1, description="how many")
        bars: int = Field(9, description="of iron | steel", json_schema_extra=EXPERT)

    class Pump(Slice):
        speed: int = Field(1, description="of water", json_schema_extra=EXPERT)

    class Zoo(Slice):
        """A zoo."""

        cage: Cage = Field(default_factory=Cage)
        pump: Pump = Field(default_factory=Pump)

    assert as_toml(Zoo) == "# A zoo.\n\n[cage]\nlions = 1  # how many\n"
    page = as_markdown(Zoo, "# Zoo\n")
    assert page.index("`lions`") < page.index("Seldom changed") < page.index("| `bars` | `9` | of iron \\| steel |")
    assert "## [pump]" in page
    assert read_settings(Zoo, written(tmp_path, "[pump]\nspeed = 4"), ["cage.bars=7"]).pump.speed == 4


# ---- a file that is wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names", "says"),
    [
        ("[brian]\nneurons = 5", "brian", "did you mean brain?"),
        ("[zoo]\nlions = 5", "zoo", "there are: brain, library, cleaning, redaction, lessons,"),
        ("qq = 5", "qq", "there are: brain, library, cleaning, redaction, lessons,"),
        ("[brain]\nneuron = 5", "brain.neuron", "did you mean brain.neurons?"),
        ("[brain]\nqqqqqq = 5", "brain.qqqqqq", "there are: species, preset,"),
        ("[brain.inner]\nx = 1", "brain.inner", "is not a setting"),
        ("brain = 5", "brain", "must be a section, [brain]"),
        ("[[brain]]\nneurons = 5", "brain", "must be a section, [brain]"),
        ('[brain]\nneurons = "many"', "brain.neurons", 'a whole number at least 0 and at most 1000000, not "many"'),
        ("[brain]\nneurons = 1.5", "brain.neurons", "a whole number"),
        ("[brain]\nneurons = true", "brain.neurons", "a whole number"),
        ("[brain]\nneurons = {a = 1}", "brain.neurons", "a whole number"),
        ("[brain]\nneurons = -1", "brain.neurons", "at least 0"),
        ("[brain]\nneurons = 99999999999999999999", "brain.neurons", "at most 1000000"),
        ("[brain]\nspelling = 1", "brain.spelling", "must be true or false, not 1"),
        ('[brain]\npreset = "huge"', "brain.preset", 'one of "newborn", "toddler", "child", "seed", not "huge"'),
        ("[brain]\npreset = 3", "brain.preset", 'one of "newborn"'),
        ("[brain]\nwindows = 5", "brain.windows", "a list of numbers"),
        ('[brain]\nwindows = [1, "two"]', "brain.windows", "a list of numbers"),
        ("[brain]\ndropout = 1", "brain.dropout", "a number at least -1 and less than 1, not 1"),
        ('[library]\nstarter = "sometimes"', "library.starter", 'one of "auto", "always", "never", not "sometimes"'),
        ("[library]\nheld_out = 0.6", "library.held_out", "a number at least 0 and at most 0.5, not 0.6"),
        ("[library]\nheld_out = 1979-05-27", "library.held_out", "a number"),
        ("[speech]\ntemperature = nan", "speech.temperature", "a number at least 0 and at most 5"),
        ("[speech]\nmax_seconds = inf", "speech.max_seconds", "a number more than 0 and at most 600"),
        ("[lessons]\nlearning_rate = 0", "lessons.learning_rate", "more than 0 and at most 1, not 0"),
        ("[soul]\nkeep_last = 0", "soul.keep_last", "at least 1, not 0"),
        ("[brain]\nneurons = 5\nneurons = 6", "", "not valid TOML"),
        ("[brain\nneurons = 5", "", "not valid TOML"),
        ("[brain]\nneurons = \x00", "", "not valid TOML"),
        pytest.param("a = " + "[" * 5000, "", "not valid TOML: it is nested too deeply", id="brackets"),
        pytest.param("[brain]\nneurons = " + "9" * 5000, "", "not valid TOML: ", id="digits"),
        pytest.param("[brain]\nneurons = 0x" + "f" * 9000, "brain.neurons", "at most 1000000, not this.", id="hex"),
        pytest.param(f"[brain]\nneurons.{'a.' * 5000}b = 1", "brain.neurons", "a whole number", id="dots"),
        pytest.param(f"[brain]\npreset = '{'x' * 5000}'", "brain.preset", "xxx....", id="a long text"),
        pytest.param("#" * (1 << 20) + "\n", "", "too long for a settings file", id="a long file"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, names: str, says: str):
    """A wrong section, key, type, range or syntax in a file: one line with the file, the key and what is allowed."""
    file = written(tmp_path, text)
    line = refusal(file=file)
    assert line.startswith(f"{file}: {names}")
    assert says in line


def test_a_file_that_is_not_there(tmp_path: Path):
    """A missing settings file is named, and that it is missing."""
    file = tmp_path / "nowhere.toml"
    assert refusal(file=file) == f"{file}: there is no such settings file."


@pytest.mark.parametrize("raw", [b"\xff\xfe[\0b\0", b'[brain]\npreset = "gro\xdf"'], ids=["utf-16", "latin-1"])
def test_a_file_in_another_encoding(tmp_path: Path, raw: bytes):
    """A settings file that is not UTF-8 is refused in one line that names it."""
    file = written(tmp_path, raw)
    assert refusal(file=file).startswith(f"{file}: can't be read (")


def test_a_folder_is_no_settings_file(tmp_path: Path):
    """A folder in the place of a settings file is refused in one line that names it."""
    assert refusal(file=tmp_path).startswith(f"{tmp_path}: can't be read (")


def test_notepad_puts_a_mark_in_front(tmp_path: Path):
    """A byte order mark at the start of a UTF-8 settings file is passed over."""
    file = written(tmp_path, b"\xef\xbb\xbf[brain]\r\nneurons = 7\r\n")
    assert read_settings(TREE, file, []).brain.neurons == 7


def test_an_empty_file_means_the_defaults(tmp_path: Path):
    """A file without a line leaves every default."""
    assert read_settings(TREE, written(tmp_path, ""), []) == read_settings(TREE, None, [])


# ---- --set ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "section", "key", "value"),
    [
        ("brain.neurons=64", "brain", "neurons", 64),
        (" brain . neurons = 64 ", "brain", "neurons", 64),
        ("brain.neurons=64 # a few", "brain", "neurons", 64),
        ("brain.spelling=true", "brain", "spelling", True),
        ("brain.word_memory=false", "brain", "word_memory", False),
        ("brain.preset=child", "brain", "preset", "child"),
        ('brain.preset="child"', "brain", "preset", "child"),
        ("brain.preset= child ", "brain", "preset", "child"),
        ("brain.windows=[1, 2.5, 8]", "brain", "windows", (1.0, 2.5, 8.0)),
        ("brain.windows=[]", "brain", "windows", ()),
        ("brain.dropout=0", "brain", "dropout", 0.0),
        ("lessons.learning_rate=1e-4", "lessons", "learning_rate", 1e-4),
        ("library.starter=never", "library", "starter", "never"),
    ],
)
def test_set_takes_good_values(change: str, section: str, key: str, value: Any):
    """--set takes whole numbers, numbers, truths, text with or without quotes, and lists."""
    got = getattr(getattr(read_settings(TREE, None, [change]), section), key)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("change", "starts", "says"),
    [
        ("brain.neuron=5", "--set: brain.neuron", "did you mean brain.neurons?"),
        ("lessons.rate=3", "--set: lessons.rate", "did you mean lessons.learning_rate or lessons.learning_rate_floor"),
        ("brian.neurons=5", "--set: brian", "did you mean brain?"),
        ("brain.neurons=x", "--set: brain.neurons", "a whole number"),
        ("brain.neurons=", "--set: brain.neurons", "a whole number"),
        ("brain.neurons=-3", "--set: brain.neurons", "at least 0"),
        ("brain.neurons=3\nspelling=true", "--set: brain.neurons", "a whole number"),
        ("brain.spelling=True", "--set: brain.spelling", 'true or false, not "True"'),
        ("speech.temperature=nan", "--set: speech.temperature", "at most 5"),
        ("machine.device=tpu", "--set: machine.device", 'one of "auto", "cpu"'),
        ("brain", "--set brain: ", "section.key=value"),
        ("brain=3", "--set brain=3: ", "section.key=value"),
        ("=3", "--set =3: ", "section.key=value"),
        ("a.b.c=1", "--set a.b.c=1: ", "section.key=value"),
        (".neurons=1", "--set .neurons=1: ", "section.key=value"),
        ("brain.=1", "--set brain.=1: ", "section.key=value"),
        ("two\nlines", "--set two lines: ", "section.key=value"),
        pytest.param("brain.neurons=" + "9" * 5000, "--set: brain.neurons", "a whole number", id="digits"),
        pytest.param("brain.neurons=" + "[" * 5000, "--set: brain.neurons", "a whole number", id="brackets"),
        ("", "--set : ", "section.key=value"),
    ],
)
def test_set_goes_through_the_same_checks(change: str, starts: str, says: str):
    """A wrong --set is refused in one line that names --set, the key and what is allowed."""
    line = refusal(change)
    assert line.startswith(starts)
    assert says in line


def test_set_outranks_the_file_and_the_last_set_the_first(tmp_path: Path):
    """A value of --set replaces the file's; of two for one key the later holds; other keys of the file stay."""
    file = written(tmp_path, "[brain]\nneurons = 7\nbottleneck = 9\n")
    got = read_settings(TREE, file, ["brain.neurons=8", "brain.neurons=9"]).brain
    assert (got.neurons, got.bottleneck) == (9, 9)


def test_blame_falls_on_the_right_one(tmp_path: Path):
    """With a file and --set, the line names the one that the wrong value came from."""
    file = written(tmp_path, "[brain]\nneurons = 7\nbottleneck = -9\n")
    assert refusal("brain.neurons=8", file=file).startswith(f"{file}: brain.bottleneck ")
    good = written(tmp_path, "[brain]\nneurons = 7\n")
    assert refusal("brain.bottleneck=-9", file=good).startswith("--set: brain.bottleneck ")


def test_a_good_set_cannot_mend_a_section_that_is_none(tmp_path: Path):
    """Where the file has a value in place of a section, --set into it is refused naming the file."""
    file = written(tmp_path, "brain = 3")
    assert refusal("brain.neurons=8", file=file) == f"{file}: brain must be a section, [brain]."


@effort(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.text().map("brain.neurons={}".format), st.text().map("brain.{}=1".format)))
def test_no_set_ends_in_a_traceback(change: str):
    """Whatever is behind --set: settings, or a Mistake of one line that begins with --set."""
    line = "--set"
    try:
        read_settings(TREE, None, [change])
    except Mistake as mistake:
        line = str(mistake)
    assert line.startswith("--set")
    assert len(line.splitlines()) == 1


# ---- frozen, and in words ------------------------------------------------------------------------------------------


def test_settings_are_frozen():
    """Neither a section nor a key can be changed afterwards."""
    settings = read_settings(TREE, None, [])
    with pytest.raises(ValidationError):
        settings.brain = BrainSettings()
    with pytest.raises(ValidationError):
        settings.brain.neurons = 5


def test_bounds_in_words():
    """What is allowed is said in words, with every bound."""

    class Zoo(Slice):
        lions: int = Field(1, gt=0, lt=9, description="how many")
        hay: float = Field(1.0, ge=0.5, le=2, description="tons of it")
        name: str = Field("", description="of the zoo")

    assert [allowed(field) for field in Zoo.model_fields.values()] == [
        "a whole number more than 0 and less than 9",
        "a number at least 0.5 and at most 2",
        "text",
    ]


HOSTILE = {"deep": "[" * 20_000, "tables": "{a = " * 5_000, "digits": "9" * 5_000, "hex": "0x" + "f" * 5_000}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_values_are_one_short_line(tmp_path: Path, value: str):
    """Deeply nested lists and numbers of thousands of digits, in a file and in --set: one line, no traceback."""
    file = tmp_path / "config.toml"
    file.write_text(f"[lessons]\nstreams = {value}\n")
    for source, changes in ((file, []), (None, [f"lessons.streams={value}"])):
        with pytest.raises(Mistake) as caught:
            read_settings(TREE, source, changes)
        assert len(str(caught.value).splitlines()) == 1
        assert len(str(caught.value)) < 500
