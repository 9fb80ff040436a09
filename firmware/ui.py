"""What a person sees and hears: one screen for each state and each reason, in the language that is set.

The words are data files (/texts/<language>.txt, a line a screen: name|line|line ...), read when a screen is shown, so
that they cost no heap. A screen says what happened and what to do next, in at most four short lines.
"""

from buzzer import Buzzer
from display.text import TextScreen
from protocol import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Notify = Callable[[list[str]], None]

ENGLISH = "en"
CHINESE = "zh"
LANGUAGES = (ENGLISH, CHINESE)
_UNKNOWN = "unknown"
_PATH = "/texts/%s.txt"

# Tone in Hz (0 = silence), milliseconds
SOUND_OK = ((1800, 80), (0, 40), (2600, 160))
SOUND_AGAIN = ((2200, 60), (0, 60), (2200, 60))
SOUND_REFUSED = ((500, 400),)
SOUND_ERROR = ((400, 150), (0, 100), (400, 150), (0, 100), (400, 150))

_AGAIN = (reasons.REMOVED_EARLY, reasons.TWO_CARDS, reasons.READER_LOST, reasons.BUSY)
_ERRORS = (reasons.STORAGE_FAILED, reasons.STORAGE_FULL)
_SILENT = (reasons.CANCELLED, reasons.TIMEOUT)


class Ui:
    """Screen and buzzer. `notify` gets the lines of every new screen (they go to the PC as well)."""

    def __init__(self, screen: TextScreen, buzzer: Buzzer, notify: "Notify", language: str) -> None:
        self._screen = screen
        self._buzzer = buzzer
        self._notify = notify
        self._lines: list[str] = []
        self.speak(language)

    def speak(self, language: str) -> None:
        """Choose the language of the screens to come; English where its glyphs are not on this board."""
        known = language in LANGUAGES and (language == ENGLISH or self._screen.wide)
        self.language = language if known else ENGLISH

    def show(self, name: str, **values: object) -> None:
        """The screen of a state; `values` fill its places."""
        lines = [_filled(line, values) for line in _words(self.language, name)]
        self._screen.show(lines)
        if lines != self._lines:
            self._lines = lines
            self._notify(lines)

    def draws(self, words: str) -> bool:
        """Whether this screen has a picture of every character."""
        return self._screen.draws(words)

    def grant(self, **values: object) -> None:
        """An exam may start (values: credit, left)."""
        self._buzzer.play(SOUND_OK)
        self.show(reasons.GRANTED, **values)

    def done(self, name: str, **values: object) -> None:
        """Something other than an exam went well."""
        self._buzzer.play(SOUND_OK)
        self.show(name, **values)

    def refuse(self, reason: str) -> None:
        """No, and why (protocol.reasons)."""
        sound = _sound(reason)
        if sound:
            self._buzzer.play(sound)
        self.show(reason)


def _sound(reason: str) -> tuple[tuple[int, int], ...]:
    if reason in _SILENT:
        return ()
    if reason in _AGAIN:
        return SOUND_AGAIN
    return SOUND_ERROR if reason in _ERRORS else SOUND_REFUSED


def _filled(line: str, values: dict[str, object]) -> str:
    """A place without a value stays visible: the words on a screen must never stop a tap."""
    for name in values:
        line = line.replace("{" + name + "}", str(values[name]))
    return line


def _words(language: str, name: str) -> list[str]:
    """A screen's lines; the screen of an unknown reason where there is none of that name."""
    found = _look_up(language, name) or _look_up(language, _UNKNOWN)
    return found or [name]


def _look_up(language: str, name: str) -> list[str]:
    start = name + "|"
    try:
        with open(_PATH % language) as file:
            for line in file:
                if line.startswith(start):
                    words: list[str] = line.rstrip("\n").split("|")
                    return words[1:]
    except OSError:
        return []
    return []
