"""Screen, words and buzzer: what a person sees is what the words say, in both languages, on the panel's own pixels."""

import pytest
from protocol import reasons

from tests.host.drivers.bench import Bench
from tools.flash import glyphs
from tools.flash.glyphs import TEXTS, font_path, wide_characters

LANGUAGES = ("en", "zh")
COLUMNS = 16  # narrow characters in a line; a wide one takes two
LINES = 4
STATES = (
    "boot", "wrong_build", "ready", "reading", "running", "ended", "batch_done", "unknown",
    "issuer_ready", "issuer_wait", "issuer_writing", "issuer_done", "issuer_failed",
    "service_done", "service_known", "locked_note", "locked_letter",
)  # fmt: skip
LONGEST = {
    "{left}": {"en": "9999999999", "zh": "999999"},
    "{credit}": {"en": "4294967295", "zh": "4294967295"},
    "{batch}": {"en": "4294967295", "zh": "4294967295"},
    "{uid}": {"en": "04a1b2c3d4e5f6", "zh": "04a1b2c3d4e5f6"},
    "{step}": {"en": "16", "zh": "16"},
    "{of}": {"en": "16", "zh": "16"},
    "{entries}": {"en": "4096", "zh": "4096"},
    "{first}": {"en": "x" * COLUMNS, "zh": "x" * COLUMNS},
    "{second}": {"en": "x" * COLUMNS, "zh": "x" * COLUMNS},
    "{third}": {"en": "x" * COLUMNS, "zh": "x" * COLUMNS},
    "{fourth}": {"en": "x" * COLUMNS, "zh": "x" * COLUMNS},
}


def words(language: str) -> dict[str, list[str]]:
    lines = (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return {name: rest.split("|") for name, _, rest in (line.partition("|") for line in lines)}


def columns(line: str) -> int:
    return sum(1 if ord(character) < 128 else 2 for character in line)


def lit(bench: Bench, line: int) -> int:
    """How many pixels of a text line shine."""
    return sum(sum(row) for row in bench.board.oled.pixels[16 * line : 16 * line + 16])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_reason_has_words_that_fit(language: str) -> None:
    screens = words(language)
    assert set(screens) == {*reasons.NAMES, *STATES}
    for name, lines in screens.items():
        assert 1 <= len(lines) <= LINES, name
        for line in lines:
            for place, longest in LONGEST.items():
                line = line.replace(place, longest[language])
            assert "{" not in line, name
            assert columns(line) <= COLUMNS, (name, line)


def test_both_languages_have_the_same_places() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys() != set()
    for name, lines in english.items():
        places = {place for place in LONGEST if any(place in line for line in lines)}
        assert places == {place for place in LONGEST if any(place in line for line in chinese[name])}, name


def test_lines_are_drawn_where_they_belong(bench: Bench) -> None:
    assert bench.call("show", lines=["Tap again", "", "Nothing is lost"]) is True
    assert lit(bench, 0) > 50
    assert lit(bench, 1) == 0
    assert lit(bench, 2) > 100
    before = bench.board.oled.pixels
    bench.call("show", lines=["Tap again", "", "Nothing is lost"])
    assert bench.board.oled.pixels == before
    bench.call("show", lines=[])
    assert sum(lit(bench, n) for n in range(LINES)) == 0


def test_only_changed_lines_are_sent(bench: Bench) -> None:
    bench.call("show", lines=["Ready", "Show one card"])
    before = bench.board.counters.i2c_bytes
    bench.call("show", lines=["Ready", "Hold the card"])
    assert 0 < bench.board.counters.i2c_bytes - before <= 2 * (129 + 7)
    before = bench.board.counters.i2c_bytes
    bench.call("show", lines=["Ready", "Hold the card"])
    assert bench.board.counters.i2c_bytes == before


def test_chinese_glyphs_come_from_flash(bench: Bench) -> None:
    assert font_path() is not None, "the package with the font is not installed"
    language, seen = bench.call("ui", language="zh", name="used", values={})
    assert language == "zh"
    assert seen == [words("zh")["used"]]
    assert lit(bench, 0) > 50
    # No two of the characters look alike, and none is the box that stands for a missing one.
    pictures = set()
    characters = wide_characters()
    for start in range(0, len(characters), 8):
        eight = characters[start : start + 8]
        bench.call("show", lines=[eight.ljust(8, "口")])
        for place in range(len(eight)):
            rows = bench.board.oled.pixels[:16]
            pictures.add(tuple(tuple(row[16 * place : 16 * place + 16]) for row in rows))
    assert len(pictures) == len(characters)


def test_without_glyphs_the_screen_speaks_english() -> None:
    bench = Bench(without="glyphs.bin")
    language, seen = bench.call("ui", language="zh", name="used", values={})
    bench.close()
    assert (language, seen) == ("en", [words("en")["used"]])


def test_without_a_font_the_build_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(glyphs, "FONT_PACKAGE", "no_such_package_of_fonts")
    assert sorted(glyphs.glyph_files()) == ["texts/en.txt", "texts/zh.txt"]
    assert "English only" in caplog.text


def test_a_character_without_a_glyph_is_a_box(bench: Bench) -> None:
    bench.call("show", lines=["龘"])
    assert lit(bench, 0) == 2 * 13 + 2 * 12


def test_words_go_to_the_pc_too_and_places_are_filled(bench: Bench) -> None:
    _, seen = bench.call("ui", language="en", name="granted", values={"credit": 1005, "left": 94})
    assert seen == [["Go ahead", "Exam may start", "Card 1005", "94 left"]]
    _, seen = bench.call("ui", language="en", name="ready", values={})
    assert seen[0][3] == "{left} left"  # a missing value is no reason to stop a tap


def test_an_unknown_reason_still_says_something(bench: Bench) -> None:
    _, seen = bench.call("ui", language="en", name="no_such_reason", values={})
    assert seen == [words("en")["unknown"]]


@pytest.mark.parametrize(
    ("reason", "tones"), [("used", 1), ("removed_early", 2), ("storage_failed", 3), ("cancelled", 0)]
)
def test_each_kind_of_no_sounds_different_and_ends(bench: Bench, reason: str, tones: int) -> None:
    bench.call("ui", language="en", name=reason, values={}, refuse=True)
    duties = [duty for _, _, duty in bench.board.buzzer_log]
    rising = sum(1 for before, after in zip([0, *duties], duties, strict=False) if after and not before)
    assert rising == tones
    assert not duties or duties[-1] == 0
