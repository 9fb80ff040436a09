"""The authority's words on a locked machine's screen: all of them are readable, or ours are shown."""

import lock_text
from ram_flash import format_flash


class Screen:
    """What would be shown; it has pictures of these characters beyond ASCII."""

    def __init__(self, wide=""):
        self.wide = wide
        self.name = None
        self.lines = []

    def draws(self, words):
        return all(ord(character) < 127 or character in self.wide for character in words)

    def show(self, name, **values):
        self.name = name
        self.lines = [values[place] for place in ("first", "second", "third", "fourth") if place in values]


def shown(text, wide=""):
    format_flash(8)
    lock_text.keep("/disk", text)
    screen = Screen(wide)
    lock_text.show(screen, "/disk")
    return screen.name, screen.lines


def test_words_of_the_authority():
    assert shown("Not paid. Call 400 800 12") == ("locked_note", ["Not paid. Call", "400 800 12", "", ""])
    assert shown("one two three four five six seven eight nine")[0] == "locked_note"
    name, lines = shown("Invoice 2026-11 is not paid. Please call 400 800 1234 by 9:00")
    assert name == "locked_letter"
    assert lines == ["Invoice 2026-11", "is not paid.", "Please call 400", "800 1234 by 9:00"]


def test_no_word_is_lost_on_the_way():
    for text in ("x" * 64, "y" * 17, "a " * 32, "wordsof8 " * 7, "http://very.long.example/with/a/path and more"):
        lines = shown(text)[1]
        assert max(len(line) for line in lines) <= 16, text
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_nothing_that_could_be_read():
    assert shown("") == ("locked", [])
    assert shown("  \n ") == ("locked", [])
    assert shown("\u8bf7\u8054\u7cfb") == ("locked", [])
    assert shown("\u8bf7\u8054\u7cfb", "\u8bf7\u8054\u7cfb") == ("locked_note", ["\u8bf7\u8054\u7cfb", "", "", ""])


def test_a_lock_without_words_after_one_with_words():
    format_flash(8)
    lock_text.keep("/disk", "Call us")
    lock_text.keep("/disk", "")
    screen = Screen()
    lock_text.show(screen, "/disk")
    assert screen.name == "locked"


def test_a_flash_that_ails_costs_the_words_only():
    lock_text.keep("/nowhere", "Call us")
    screen = Screen()
    lock_text.show(screen, "/nowhere")
    assert screen.name == "locked"
