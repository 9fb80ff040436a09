"""Each checker catches a firmware that breaks its invariant in a debit, and finds nothing in the honest one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from emulator.enumerate.debit import Debit
from emulator.enumerate.disturbance import Disturbance, Extent, FlashCut, FrameCut, Tear
from tests.host.emulator.checkers.mutants import Change, build_mutant

SEED = 3
DEBIT_THEN_GRANT = """\
        seq = self._debit(card)  # 4 DEBIT, on flash: from here on the exam is paid for
        self._exams.grant()  # 5 relay on
"""
GRANT_THEN_DEBIT = """\
        self._exams.grant()
        seq = self._debit(card)
"""
GRANT_ASKS_THE_JOURNAL = """\
        if exam is None:
            raise Refused(reasons.NOT_INITIALISED)
        self._relay(True)
"""
FLUSHED = """\
        file.write(bytes([steps]) + chunk)
        file.flush()
        self._file = file
"""
GRANT_ASKS_NOBODY = """\
        self._relay(True)
        if exam is None:
            return
"""
FLUSHED_IF_DURABLE = """\
        file.write(bytes([steps]) + chunk)
        if durable:
            file.flush()
        self._file = file
"""
CHUNK = "self._tail.write(steps, make_chunk(entries, mac)"
WHOLE_RULE = "_machine_refuses(facts) or _card_refuses(facts) or _history_refuses(facts)"
LOADED = "        _walk_tail(journal)\n"


def undisturbed(extent: Extent) -> None:
    """Nothing has to go wrong for this to be seen."""


def cut_after_the_burn(extent: Extent) -> Disturbance:
    """The card is burnt, and nothing behind that has happened."""
    return FrameCut(extent.writes[-1] + 1)


def torn_after_the_burn(extent: Extent) -> Disturbance:
    return Tear(extent.writes[-1] + 1, "before")


def cut_at_the_first_entry(extent: Extent) -> Disturbance:
    return FlashCut(1, half=True)


@dataclass(frozen=True)
class Wrong:
    """A wrong firmware, where it shows, and what the checker says then."""

    name: str
    changes: tuple[Change, ...]
    point: Callable[[Extent], Disturbance | None]
    invariant: str
    words: str


MUTANTS = (
    Wrong(
        "grants before it journals",
        (
            Change("tap.py", DEBIT_THEN_GRANT, GRANT_THEN_DEBIT),
            Change("exams.py", GRANT_ASKS_THE_JOURNAL, GRANT_ASKS_NOBODY),
        ),
        undisturbed,
        "granted_without_debit",
        "without an open DEBIT on flash",
    ),
    Wrong(
        "does not flush a DEBIT",
        (
            Change("journal.py", CHUNK, "self._tail.write(steps, make_chunk(entries, mac), kind != codec.DEBIT"),
            Change(
                "journal_files.py",
                "def write(self, steps: int, chunk: bytes)",
                "def write(self, steps, chunk, durable=True)",
            ),
            Change("journal_files.py", FLUSHED, FLUSHED_IF_DURABLE),
        ),
        undisturbed,
        "granted_without_debit",
        "without an open DEBIT on flash",
    ),
    Wrong(
        "skips INTENT, cut",
        (Change("tap.py", "        if intend:\n", "        if False:\n"),),
        cut_after_the_burn,
        "lost",
        "is burnt, the journal holds no DEBIT of it",
    ),
    Wrong(
        "skips INTENT, torn",
        (Change("tap.py", "        if intend:\n", "        if False:\n"),),
        torn_after_the_burn,
        "lost",
        "its exam was never granted",
    ),
    Wrong(
        "debits without burning",
        (Change("tap.py", "        if burn:\n", "        if False:\n"),),
        undisturbed,
        "lost",
        "was debited, its card is not burnt",
    ),
    Wrong(
        "asks neither its bitmap nor the burn mark",
        (Change("decision.py", WHOLE_RULE, "_machine_refuses(facts) or _card_refuses(facts)"),),
        undisturbed,
        "double",
        "credit 1000 was debited",
    ),
    Wrong(
        "takes a card in doubt for a damaged journal",
        (
            Change(
                "journal_load.py",
                LOADED,
                LOADED + '        if journal.state.in_doubt:\n            raise Corrupt("in doubt")\n',
            ),
        ),
        cut_after_the_burn,
        "bricked",
        "does not grant an exam for a fresh card any more",
    ),
    Wrong(
        "never comes up again after a cut",
        (
            Change(
                "journal_load.py", LOADED, LOADED + "        if journal.state.in_doubt:\n            raise KeyError\n"
            ),
        ),
        cut_after_the_burn,
        "bricked",
        "does not grant an exam for a fresh card any more",
    ),
)


@cache
def honest() -> Debit:
    return Debit(SEED)


@pytest.mark.parametrize("wrong", MUTANTS, ids=lambda wrong: wrong.name)
def test_a_wrong_firmware_is_caught(wrong: Wrong) -> None:
    scenario = Debit(SEED, build_mutant(*wrong.changes))
    outcome = scenario.run(wrong.point(scenario.extent()))
    assert wrong.words in " ".join(getattr(outcome, wrong.invariant)), outcome


@pytest.mark.parametrize(
    "point", [undisturbed, cut_after_the_burn, torn_after_the_burn, cut_at_the_first_entry], ids=lambda p: p.__name__
)
def test_the_honest_firmware_is_not(point: Callable[[Extent], Disturbance | None]) -> None:
    assert honest().run(point(honest().extent())).findings() == []
