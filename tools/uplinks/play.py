"""The programme: the same debits over every way there is, the faults told as they happen, the verdict at the end."""

import json
import signal
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NoReturn

from tools.demo.say import Narrator
from tools.uplinks.events import Event, Failed, Progress, Said
from tools.uplinks.faults import LOSS
from tools.uplinks.verdict import Outcome
from tools.uplinks.ways import WAYS
from tools.uplinks.worker import together

AT_ONCE: Final = 2
HEADINGS: Final = ["way", "delivered", "lost", "double", "bytes/debit", "SMS/100 debits", "virtual s"]
TELL_EVERY: Final = {True: 50, False: 10}


def play(*, once: bool, seed: int, debits: int, only: list[str], folder: Path | None) -> int:
    """Exit code: 0 when every way delivered every debit once and all sides agree."""
    say = Narrator()
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, _leave)  # so that servers and machines end with us
    names = [name for name in WAYS if not only or name in only]
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perscan-uplinks-")))
        try:
            _introduce(say, names, debits)
            if once:
                ended = _listen(say, names[::-1], seed, debits, home, once=once)  # the longest begins first
            else:
                ended = {}
                for name in names:
                    say.title(f"{name}: {WAYS[name].story}")
                    ended |= _listen(say, [name], seed, debits, home, once=once)
        except KeyboardInterrupt:
            say.plain("Stopped before the verdict.")
            return 1
    return _close(say, names, ended)


def _leave(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _introduce(say: Narrator, names: list[str], debits: int) -> None:
    say.title("Perscan: every link")
    say.plain(f"The same {debits} exams, by the same hands, on a swipe machine with the real firmware, over each of:")
    for name in names:
        say.detail(f"{name:5} {WAYS[name].story}")
    say.plain(
        f"On each way {LOSS:.0%} of all messages or answers are lost, come late or come twice, and the back office is"
        " killed after it has stored a report and before its answer has left. Nothing may be lost or counted twice."
    )


def _listen(say: Narrator, names: list[str], seed: int, debits: int, home: Path, *, once: bool) -> dict[str, Event]:
    ended: dict[str, Event] = {}
    for event in together(names, seed, debits, home, AT_ONCE, watched=not once):
        match event:
            case Said(way, words):
                say.plain(f"{way:5} {words}")
            case Progress(way, made, of, happened) if made % TELL_EVERY[once] == 0:
                say.detail(f"{way:5} {made} of {of} exams; {_words(happened)}")
            case Outcome():
                ended[event.way] = event
                _tell_outcome(say, event)
            case Failed(way, words):
                ended[way] = event
                say.error(f"{way}: no verdict: {words}")
    return ended


def _tell_outcome(say: Narrator, outcome: Outcome) -> None:
    counted = f"{outcome.delivered} of {outcome.debits} delivered, {outcome.lost} lost, {outcome.double} double"
    words = f"{outcome.way:5} {counted}"
    if outcome.good:
        say.good(f"{words} ({outcome.seconds_real:.0f} s for {outcome.seconds_virtual} virtual ones)")
        say.detail(f"      {_words(outcome.carried.what_happened)}")
        return
    say.error(words)
    for finding in outcome.findings:
        say.error(f"  {finding}")


def _close(say: Narrator, names: list[str], ended: dict[str, Event]) -> int:
    outcomes = [outcome for name in names if isinstance(outcome := ended.get(name), Outcome)]
    say.title("The verdict: cards, flash and database, compared credit by credit")
    say.grid(HEADINGS, [_row(outcome) for outcome in outcomes])
    for outcome in outcomes:
        say.result(json.dumps({"transport": outcome.way, **outcome.line(), "messages": outcome.carried.what_happened}))
    say.result(json.dumps({outcome.way: outcome.line() for outcome in outcomes}))
    return 0 if len(outcomes) == len(names) and all(outcome.good for outcome in outcomes) else 1


def _row(outcome: Outcome) -> list[str]:
    return [outcome.way, *(str(value) for value in outcome.line().values())]


def _words(happened: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in happened.most_common())
