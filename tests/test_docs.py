"""What the pages say is so: commands, settings, links, the tree of the house, tables of commands and captures are read
off the pages and held against the code."""

from __future__ import annotations

import ast
import contextlib
import io
import plistlib
import re
import shlex
import textwrap
from configparser import ConfigParser
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import captures
from bots.chat.rows import FOR_MODERATORS
from bots.chat.settings import CommandSettings
from bots.command_line import parse
from bots.room.console import COMMANDS as ROOM_ROWS
from bots.settings import Settings
from bots.typed import ROWS as TERMINAL_ROWS
from school.bodies.alone.chat import HELP
from school.bodies.alone.chat import options as small_body
from school.office.mistakes import Mistake
from school.office.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
NO_DESCRIPTIONS = {"diary.md", "leaderboard.md"}  # they report on their day
PAGES = {
    str(page.relative_to(ROOT)): page.read_text("utf-8")
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in NO_DESCRIPTIONS
}
README_WORDS = 840  # three minutes, at 280 words a minute
VERBS = ([], ["ask", "x"], ["score", "x"], ["read", "x"], ["stats"], ["timetable"], ["diary"], ["chat-room"])
VERBS += (["share", "x"], ["adopt", "x"], ["export"])
VERBS += tuple(["twitch", errand] for errand in ("login", "check", "whois", "logout"))
VERBS += (["library", "add", "x"], ["library", "export"], ["report"])
NUMBERS = {"N", "S"}  # what stands for a number
ENDS = re.compile(r"\s+(?:#|\||&|>|2>|<).*|[;)].*")  # where a shell goes on with something else
FILES = {"db", "json", "jsonl", "log", "md", "py", "toml", "txt", "service", "safetensors"}


# ---- reading a page ------------------------------------------------------------------------------------------------


def code(page: str) -> list[str]:
    """What stands as code in a page: each indented line, and each piece in backticks."""
    lines = page.splitlines()
    prose = "\n".join("" if line.startswith("    ") else line for line in lines)
    pieces = [" ".join(piece.split()) for piece in re.findall(r"`([^`]+)`", prose)]
    return [line.strip().removeprefix("$ ") for line in lines if line.startswith("    ")] + pieces


def table(page: str, heading: str) -> str:
    """The rows of the table whose first cell is ``heading``."""
    (rows,) = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGES[page] + "\n", re.M)
    return rows


def first_cells(rows: str) -> list[str]:
    """The pieces of code in the first cell of each row."""
    return [piece for row in rows.splitlines() for piece in re.findall(r"`([^`]+)`", row.split("|")[1])]


def arguments_of(words: str) -> list[str]:
    return ["1" if word in NUMBERS else word for word in shlex.split(ENDS.sub("", words))]


def wakeups(page: str) -> list[str]:
    """What stands behind wakeup.py, wherever it is called."""
    calls = [
        re.search(r"(?:python3? |uv run |torchrun .*|[^ ]/|^)wakeup\.py(?: (\S.*))?$", piece) for piece in code(page)
    ]
    return [call[1] or "" for call in calls if call and not (call[1] or "").endswith("...")]


def below_heading(text: str) -> list[str]:
    """The rows of tables whose heading is a command with "..." for what the rows say."""
    found = []
    for start, rows in re.findall(r"^\|[^|\n]*wakeup\.py ?([a-z]*) \.\.\.`.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M):
        found += [f"{start} {cell}".strip() for cell in first_cells(rows)]
    return found


def every(find) -> list:
    """A parameter for each thing that ``find`` finds in a page."""
    found = {f"{name}: {thing}": (name, thing) for name, text in PAGES.items() for thing in find(text)}
    assert found
    return [pytest.param(*pair, id=key) for key, pair in found.items()]


def parses(arguments: list[str]) -> bool:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            parse(arguments)
        except SystemExit as leaving:
            return leaving.code == 0  # --help
    return True


# ---- commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "words"), every(lambda text: wakeups(text) + below_heading(text)))
def test_a_command_line_is_understood(page, words):
    """Whatever a page says can stand behind wakeup.py, can."""
    assert parses(arguments_of(words)), words


def blocks(page: str) -> list[str]:
    """The indented pieces of a page, each as it is typed or saved."""
    pieces = re.findall(r"(?:^(?: {4}.*)?\n)*^ {4}.*\n(?:^(?: {4}.*)?\n)*", PAGES[page], re.M)
    return [textwrap.dedent(piece).strip() + "\n" for piece in pieces]


def test_what_wakes_it_at_start_up_is_well_formed():
    """systemd's unit and launchd's property list can be read, start the program with options that it has, give it two
    minutes to fall asleep, and don't start it again for what only a person can put right."""
    (unit,) = (block for block in blocks("docs/background.md") if block.startswith("[Unit]"))
    known = ConfigParser(interpolation=None)
    known.optionxform = str
    known.read_string(unit)
    assert known.sections() == ["Unit", "Service", "Install"]
    service = known["Service"]
    interpreter, program, *options = shlex.split(service["ExecStart"])
    assert (program, interpreter.split("/", 1)) == ("wakeup.py", ["%h", "babyLLM/.venv/bin/python"])
    assert interpreter.startswith(service["WorkingDirectory"])
    assert parses(options)
    assert (service["RestartPreventExitStatus"], int(service["TimeoutStopSec"])) == ("2", 120)
    (agent,) = (block for block in blocks("docs/background.md") if block.startswith("<?xml"))
    agent = plistlib.loads(agent.encode())
    interpreter, program, *options = agent["ProgramArguments"]
    assert (program, interpreter) == ("wakeup.py", f"{agent['WorkingDirectory']}/.venv/bin/python")
    assert parses(options)
    assert (agent["RunAtLoad"], agent["ExitTimeOut"]) == (True, 120)


@cache
def of_measurements() -> str:
    return "".join(file.read_text("utf-8") for file in (ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize(("page", "flag"), every(lambda text: [c for c in code(text) if c.startswith("--")]))
def test_an_option_exists(page, flag):
    """An option that is named alone is one of a command's, a measurement's, or a small body's, in Python or C."""
    words = arguments_of(flag)
    assert (
        any(parses([*verb, *words, *more]) for verb in VERBS for more in ([], ["x"]))
        or f'"{words[0]}"' in of_measurements()
        or words[0] in small_body().format_help()
        or f'"{words[0]}"' in (ROOT / "school/bodies/native/main.h").read_text("utf-8")
    ), flag


@pytest.mark.parametrize(
    ("page", "target"), every(lambda text: [m for c in code(text) for m in re.findall(r"\bmake ([a-z]+)\b", c)])
)
def test_a_target_of_make_exists(page, target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.M), target


@pytest.mark.parametrize(
    ("page", "module"), every(lambda text: [m for c in code(text) for m in re.findall(r"python -m ([\w.]*\w)", c)])
)
def test_a_module_exists(page, module):
    assert find_spec(module), module


def test_the_measurements_are_those_that_exist():
    """The table of measurements names each module that can be called, and no other."""
    named = set(first_cells(table("docs/measurements.md", "`python -m benchmarks...`")))
    files = {file for file in (ROOT / "benchmarks").glob("*.py") if "__main__" in file.read_text("utf-8")}
    packages = {file.parent for file in (ROOT / "benchmarks").glob("*/__main__.py")}
    assert named == {place.stem for place in files | packages}


# ---- settings ------------------------------------------------------------------------------------------------------

SETTING = rf"(?<![\w/.-])(?:{'|'.join(Settings.model_fields)})\.[a-z_]+(?: ?= ?(?:\"[^\"]*\"|[\w.-]+))?"


def settings_in(text: str) -> list[str]:
    found = [one for piece in code(text) for one in re.findall(SETTING, piece)]
    return [one for one in found if re.split(r"[. =]", one)[1] not in FILES]


@pytest.mark.parametrize(("page", "setting"), every(settings_in))
def test_a_setting_exists(page, setting):
    """Every setting that a page names is there, and takes the value that it says."""
    name, _, value = (part.strip() for part in setting.partition("="))
    section, key = name.split(".")
    assert key in Settings.model_fields[section].annotation.model_fields, setting
    if value:
        try:
            read_settings(Settings, None, [f"{name}={value}"])
        except Mistake as mistake:
            pytest.fail(str(mistake))


@pytest.mark.parametrize(
    ("page", "section"), every(lambda text: [m for c in code(text) for m in re.findall(r"^\[([a-z_]+)\]$", c)])
)
def test_a_section_exists(page, section):
    assert section in Settings.model_fields or f"[{section}]" in (ROOT / "school/voices/en.toml").read_text("utf-8")


# ---- links and the tree ----------------------------------------------------------------------------------------------


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize(("page", "link"), every(lambda text: re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)))
def test_a_link_leads_somewhere(page, link):
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists(), link
    assert not anchor or anchor in slugs(target.read_text("utf-8")), link


@pytest.mark.parametrize(
    ("page", "path"),
    every(
        lambda text: [c for c in code(text) if re.fullmatch(r"(?:brain|school|bots|tests|benchmarks|docs)/[\w./]*", c)]
    ),
)
def test_a_path_of_the_program_exists(page, path):
    assert (ROOT / path).exists(), path


def tree() -> set[str]:
    """The paths that the tree in the README names."""
    block = PAGES["README.md"].partition("## The house")[2]
    paths, folder = set(), ""
    for line in re.findall(r"^    ( *\S.*)$", block, re.M):
        names = re.match(r" *((?:[\w.]+/?(?:, )?)+)(?:  |$)", line)[1].split(", ")
        nested = line.startswith("  ")
        folder = folder if nested else names[0]
        paths |= {(folder if nested else "") + name for name in names}
    return paths


def rooms_below(*folders: str) -> set[str]:
    found = {place for folder in folders for place in (ROOT / folder).iterdir() if place.is_dir()}
    return {f"{place.relative_to(ROOT)}/" for place in found if not place.name.startswith(("_", "."))}


def test_the_tree_is_the_house():
    """What it names is there, and no room is left out."""
    named = tree()
    assert [path for path in named if not (ROOT / path).exists()] == []
    tops = {
        place
        for place in rooms_below(".")
        if list((ROOT / place).rglob("*.py")) or (ROOT / place / "README.md").exists()
    }
    assert (tops | rooms_below("school", "brain", "bots")) - named == set()


def test_the_readme_takes_three_minutes():
    assert len(PAGES["README.md"].split()) < README_WORDS


# ---- tables of commands ----------------------------------------------------------------------------------------------


def test_what_is_typed_at_the_terminal():
    """The table of the terminal's commands has its rows, with their arguments."""
    said = {
        piece.split(" ")[0]: piece for piece in first_cells(table("docs/talking.md", "you type")) if piece[0] == "/"
    }
    assert said.keys() == {row.name for row in TERMINAL_ROWS}
    assert [row.name for row in TERMINAL_ROWS if row.argument and said[row.name] != f"{row.name} {row.argument}"] == []


def test_what_is_typed_into_the_room():
    """The same for the chat room's."""
    said = {piece for piece in first_cells(table("docs/talking.md", "a line")) if piece[0] == "/"}
    assert said == {f"{row.name} {row.argument}".strip() for row in ROOM_ROWS}


def test_what_is_said_in_a_chat():
    """The same for any chat's, moderators' last."""
    called = CommandSettings().model_dump()
    prefix = called.pop("prefix")
    everybody, _, moderators = table("docs/twitch.md", "in the chat").partition("moderators:")

    def said(part: str) -> set[str]:
        return {
            name for row in part.splitlines() for name in re.findall(rf"`{prefix}([a-z]+)", f"{row}||".split("|")[1])
        }

    assert said(everybody.removesuffix("| ")) == {name for key, name in called.items() if key not in FOR_MODERATORS}
    assert said("| " + moderators) == {called[key] for key in FOR_MODERATORS}


def test_what_a_small_body_is_told():
    """The page on sharing names the commands and the options of a body that talks by itself, each with its argument."""
    page = PAGES["docs/sharing.md"]
    commands = re.findall(r"^(/\w+)", HELP, re.M)
    said = {piece.split(" ")[0] for piece in code(page) if re.match(r"/[a-z]+( |$)", piece)}
    assert said == {*commands, "/fix", "/teach"}  # those are the terminal's at home
    for words in first_cells(table("docs/sharing.md", "`python baby.pyz ...`")):
        small_body().parse_args(shlex.split(words))


# ---- captures --------------------------------------------------------------------------------------------------------


def test_captures_are_made_by_the_script():
    """What looks like a terminal's talk stands below a mark of the script's, and each mark is one that it knows."""
    marks = {(name, page) for page, text in PAGES.items() for name in re.findall(r"<!-- capture (\w+):", text)}
    assert marks == set(captures.PAGES.items())
    for page, text in PAGES.items():
        for name in captures.PAGES:
            text = re.sub(re.escape(captures.MARK.format(name)) + captures.BLOCK, "", text)
        assert not re.search(r"^ {4}(?:you: |baby: |babyLLM wakes|examined at|── step|\$ )", text, re.M), page


def strings_of_the_program() -> list[re.Pattern]:
    """The texts in the code that a terminal shows, as patterns in which any value fits."""
    found = []
    rooms = "school/assembly.py", "school/shelving.py", "school/screen/announcer.py"
    for name in (*rooms, "bots/typed.py", "bots/acknowledgement.py"):
        for node in ast.walk(ast.parse((ROOT / name).read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(p.value) if isinstance(p, ast.Constant) else ".*" for p in node.values]
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.escape(node.value))
    return [re.compile(text) for text in found if len(text.replace(".*", "")) > 8]


def test_the_capture_in_the_readme_is_the_programs_own():
    """A line that the program no longer says in these words makes the capture old."""
    (block,) = re.findall(re.escape(captures.MARK.format("waking")) + captures.BLOCK, PAGES["README.md"])
    lines = [line.strip() for line in block.splitlines() if line.startswith("    ")]
    patterns = strings_of_the_program()
    own = [line for line in lines if not line.startswith(("$", "you:", "baby:", "..."))]
    assert own
    assert [line for line in own if not any(p.fullmatch(line.strip("()")) for p in patterns)] == []


def test_a_capture_takes_the_place_of_the_old_one():
    """It is put below its mark, what follows stays, and doing it again changes nothing."""
    mark = captures.MARK.format("view")
    page = f"Before.\n\n{mark}\n\n    old\n\n    older\n\nAfter.\n"
    once = captures.with_capture(page, "view", ["new", "", "  indented \\1"])
    assert once == f"Before.\n\n{mark}\n\n    new\n\n      indented \\1\n\nAfter.\n"
    assert captures.with_capture(once, "view", ["new", "", "  indented \\1"]) == once
    with pytest.raises(Mistake, match="must stand there once"):
        captures.with_capture("No mark.\n", "view", [])
