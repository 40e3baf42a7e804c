"""Which brain the settings mean, and whether a soul that sleeps there is that one."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from bots.settings import Settings as TREE
from brain import SIZES, SPECIES, build_brain, config_of
from school.office.mistakes import Mistake
from school.office.settings import read_settings
from school.settings import REMOVED
from school.teaching.brain_settings import BrainSettings
from school.teaching.shape import agree, block_tokens, micro_seconds, shape_of, vocabulary_for

NEWBORN = SPECIES["interneuron"]["newborn"]


@pytest.mark.parametrize("preset", SIZES)
@pytest.mark.parametrize("species", SPECIES)
def test_a_preset_alone_is_the_preset(species: str, preset: str):
    """Without other changes the shape is the preset's, for every species."""
    assert shape_of(BrainSettings(species=species, preset=preset), 0) == SPECIES[species][preset]


PARTS = [(species, name) for species in SPECIES for name in config_of(species).parts()]


@pytest.mark.parametrize(("species", "key"), PARTS)
def test_each_override_reaches_the_brain(species: str, key: str):
    """Every key of [brain] changes just its own part of the preset's shape, false and 0.0 included."""
    plain = SPECIES[species]["newborn"]
    match getattr(plain, key):
        case bool(switch):
            value = not switch
        case int(size):
            value = size * 2
        case float():
            value = 0.0
        case _:
            value = (1.0, 5.5)
    fitting = {"key_heads": {"heads": 4}}.get(key, {})  # a llama's keys are shared evenly
    changed = shape_of(BrainSettings(species=species, preset="newborn", **{key: value}, **fitting), 0)
    assert getattr(plain, key) != value
    assert changed == replace(plain, **{key: value}, **fitting)


@pytest.mark.parametrize("species", SPECIES)
def test_every_part_of_a_shape_can_be_asked_for(species: str):
    """Each field of a brain's shape is a setting of [brain], but for the vocabulary ([library]), the positions, and
    what newborns have no choice in."""
    shape = {field.name for field in fields(config_of(species))} - config_of(species).OF_BIRTH
    assert shape - set(BrainSettings.model_fields) <= {"vocabulary", "positions"}


def test_what_only_experiments_need_is_marked():
    """Such settings stay out of config.toml; the others are what people change."""
    public = {name for name, field in BrainSettings.model_fields.items() if not (field.json_schema_extra or {})}
    assert public == {"species", "preset"}
    assert BrainSettings.model_fields["spelling"].json_schema_extra == {"expert": True}


def test_settings_files_of_before_are_still_read(tmp_path):
    """Switches that are gone are told and ignored; all others still stand where they were."""
    file, told = tmp_path / "mine.toml", []
    file.write_text('[brain]\npreset = "newborn"\nshared_cerebellum = false\nblend_logit_norm = true\n')
    read = read_settings(TREE, file, ["brain.spelling=false"], removed=REMOVED, tell=told.append)
    assert read.brain == BrainSettings(preset="newborn", spelling=False)
    assert len(told) == 1
    assert all(f"brain.{name}" in told[0] for name in config_of("interneuron").DROPPED)


def test_the_vocabulary_is_the_presets_until_asked_for():
    """A vocabulary of 0 leaves the preset's; any other replaces it."""
    assert shape_of(BrainSettings(preset="newborn"), 0).vocabulary == NEWBORN.vocabulary
    assert shape_of(BrainSettings(preset="newborn"), 300).vocabulary == 300


def test_a_vocabulary_needs_every_byte():
    """A vocabulary under 264 (all bytes and the marks) is refused by name; 264 will do."""
    with pytest.raises(Mistake, match=r"^library\.vocabulary must be at least 264 .* not 263\.$"):
        shape_of(BrainSettings(), 263)
    assert shape_of(BrainSettings(), 264).vocabulary == 264


@pytest.mark.parametrize("windows", [(0.5,), (1.0, 33.0), (-1.0,), (math.nan,), (math.inf,), (0.0,)])
def test_windows_out_of_range(windows: tuple[float, ...]):
    """A window under 1 or over the longest, or not a number, is refused in one line with both names and the bound."""
    with pytest.raises(Mistake) as caught:
        shape_of(BrainSettings(preset="newborn", windows=windows), 0)
    assert str(caught.value) == "brain.windows must each be from 1 to brain.longest_window (32)."


def test_a_longest_window_shorter_than_the_presets_windows():
    """A longest window that the preset's windows exceed is refused, and the bound named."""
    with pytest.raises(Mistake, match=r"brain\.longest_window \(16\)"):
        shape_of(BrainSettings(preset="newborn", longest_window=16), 0)
    assert shape_of(BrainSettings(preset="newborn", longest_window=16, windows=(1.0, 16.0)), 0).windows == (1.0, 16.0)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"heads": 5}, "brain.embed_width must be a multiple of twice brain.heads (10), not 64."),
        ({"heads": 64}, "brain.embed_width must be a multiple of twice brain.heads (128), not 64."),
        ({"heads": 4, "key_heads": 3}, "brain.heads must be a multiple of brain.key_heads (3), not 4."),
        ({"key_heads": 4}, "brain.heads must be a multiple of brain.key_heads (4), not 2."),
    ],
)
def test_heads_that_do_not_fit(changes: dict[str, int], line: str):
    """Heads that don't split a llama's width into pairs, or can't share its keys, are refused in one line."""
    with pytest.raises(Mistake) as caught:
        shape_of(BrainSettings(preset="newborn", species="llama", **changes), 0)
    assert str(caught.value) == line
    assert shape_of(BrainSettings(preset="newborn", **changes), 0).neurons == 256  # of no concern to an interneuron


def test_an_overridden_shape_can_be_built():
    """A shape made of overrides builds a brain."""
    settings = BrainSettings(preset="newborn", neurons=16, embed_width=8, windows=(1.0, 3.0), spelling=False)
    assert build_brain(shape_of(settings, 264), pieces=[b""] * 264, turn_tokens=8) is not None


def test_block_tokens():
    """The wanted block length, or else the preset's own: 256 for the seed, 64 for the others."""
    assert block_tokens(BrainSettings(preset="seed"), 0) == 256
    assert [block_tokens(BrainSettings(preset=name), 0) for name in ("newborn", "toddler", "child")] == [64] * 3
    assert block_tokens(BrainSettings(preset="seed"), 40) == 40


def test_micro_seconds():
    """The wanted length of a micro-step, or else the preset's own: longer for the seed."""
    assert micro_seconds(BrainSettings(preset="seed"), 0.0) > micro_seconds(BrainSettings(preset="toddler"), 0.0) == 0.4
    assert micro_seconds(BrainSettings(preset="seed"), 0.1) == 0.1


# ---- when a soul sleeps there already ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("species", "name"),
    [
        (kind, field.name)
        for kind in SPECIES
        for field in fields(config_of(kind))
        if field.name not in {"dropout", *config_of(kind).OF_BIRTH}
    ],
)
def test_the_souls_shape_wins_or_nobody_wakes(species: str, name: str):
    """Settings that ask for another shape are refused in one line: what it has, what is asked, and both ways out."""
    soul = SPECIES[species]["newborn"]
    other = {"species": "cat", "windows": (2.0, 3.0)}.get(name)
    if other is None:
        value = getattr(soul, name)
        other = not value if isinstance(value, bool) else value + 1
    with pytest.raises(Mistake) as caught:
        agree(replace(soul, **{name: other}), soul, "home/soul")
    line = str(caught.value)
    has, asked = (str(list(v)) if isinstance(v, tuple) else str(v) for v in (getattr(soul, name), other))
    assert line.startswith(f"the soul in home/soul has {name} = {has}, but the settings ask for {asked}. ")
    assert "brain.preset" in line
    assert "--home DIR" in line
    assert len(line.splitlines()) == 1


def test_dropout_may_differ():
    """The soul's shape is woken with the settings' dropout."""
    soul = NEWBORN
    wanted = replace(soul, dropout=0.75)
    assert wanted != soul
    assert agree(wanted, soul, "home/soul") == wanted


def test_windows_read_from_a_file_agree_with_a_souls():
    """Window sizes written as whole numbers agree with the same sizes as fractions."""
    soul = replace(NEWBORN, windows=(1, 2, 4))
    wanted = shape_of(read_settings(TREE, None, ["brain.preset=newborn", "brain.windows=[1, 2, 4]"]).brain, 0)
    assert agree(wanted, soul, "home/soul").windows == (1, 2, 4)


def test_each_species_has_a_dropout_of_its_own():
    """Where none is set: much for the one, little for the other, and a set one counts for both."""
    own = [shape_of(BrainSettings(species=species), 0).dropout for species in ("interneuron", "llama")]
    assert own == [0.3, 0.1]
    assert shape_of(BrainSettings(species="llama", dropout=0.0), 0).dropout == 0.0


def test_a_soul_stays_as_it_was_born():
    """What newborns have no choice in is the soul's, whatever newborns are like today."""
    newborn = SPECIES["interneuron"]["newborn"]
    soul = replace(newborn, echo=not newborn.echo, shared_decays=not newborn.shared_decays)
    assert agree(newborn, soul, "there") == soul


@pytest.mark.parametrize(
    ("preset", "letters", "tokens"),
    [("toddler", 0, 512), ("toddler", 54_000, 512), ("toddler", 250_000, 512), ("toddler", 260_000, 1024),
     ("toddler", 800_000, 2048), ("toddler", 10**9, 2048), ("newborn", 10**9, 512), ("seed", 10**9, 4200)],
)  # fmt: skip
def test_a_small_library_has_fewer_tokens(preset: str, letters: int, tokens: int):
    """One for 500 letters, up to the next power of two, and never more than the preset's; those that somebody asks for
    are as asked."""
    settings = BrainSettings(preset=preset)
    assert vocabulary_for(settings, 0, letters) == tokens
    assert vocabulary_for(settings, 3000, letters) == 3000
