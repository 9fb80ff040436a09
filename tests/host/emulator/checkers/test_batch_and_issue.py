"""A batch card and an issue: what their judges say of wrong firmware, and that they say nothing of the honest one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from emulator.enumerate.batch import Batch
from emulator.enumerate.disturbance import WRITE_FRACTIONS, Disturbance, Extent, FrameCut, Tear
from emulator.enumerate.issue import Issue
from tests.host.emulator.checkers.mutants import Change, build_mutant

SEED = 3
NOTED = """\
            self._journal.append(codec.BATCH, batch.batch_id, batch.first_credit, batch.count.to_bytes(4, "big"))
"""
BURNT = "        self._burn(medium, access, mark, batch.batch_id)\n"
KEPT = "        if not known:\n            self._check_room(batch)\n"
UNFINISHED_IS_WELCOME = "untouched or is_unfinished(self._state) or self._header == plan.header"
SIGN_TAKEN_AWAY = "        put(self._card, layout.COMMIT_BLOCK, layout.FRESH)\n        self._state = layout.FRESH\n"
TRAILER_WRITE = 2  # after the sign of an unfinished card and the record's second block
CREDIT_CHECKED = "        if not chain.credit_in_batch(batch, one_time.credit):\n"


def undisturbed(extent: Extent) -> None:
    """Nothing has to go wrong for this to be seen."""


def cut_after_the_burn(extent: Extent) -> Disturbance:
    return FrameCut(extent.writes[0] + 1)


def torn_half_way(extent: Extent) -> Disturbance:
    """Between two blocks of the record."""
    return Tear(extent.writes[1] + 1, "before")


SCENARIOS: dict[str, type[Batch] | type[Issue]] = {"batch": Batch, "issue": Issue}


@dataclass(frozen=True)
class Wrong:
    """A wrong firmware, where it shows, and what is said of it then."""

    name: str
    scenario: str
    change: Change
    point: Callable[[Extent], Disturbance | None]
    invariant: str
    words: str


MUTANTS = (
    Wrong(
        "forgets the batch",
        "batch",
        Change("batch_init.py", NOTED, ""),
        undisturbed,
        "lost",
        "the batch card was answered with",
    ),
    Wrong(
        "leaves the batch card as it was",
        "batch",
        Change("batch_init.py", BURNT, ""),
        undisturbed,
        "double",
        "the batch card is not burnt",
    ),
    Wrong(
        "burns the batch card before it journals",
        "batch",
        Change("batch_init.py", KEPT, BURNT + KEPT),
        cut_after_the_burn,
        "lost",
        "the batch card was answered with batch_used to the end",
    ),
    Wrong(
        "says yes to a used batch card",
        "batch",
        Change("batch_init.py", "(known and state == MINE) or ", ""),
        undisturbed,
        "double",
        "the used batch card was answered with granted",
    ),
    Wrong(
        "leaves the sign of an unfinished card",
        "issue",
        Change("media_classic_making.py", SIGN_TAKEN_AWAY, ""),
        undisturbed,
        "lost",
        "the card is not what was ordered",
    ),
    Wrong(
        "does not finish a torn card",
        "issue",
        Change("media_classic_making.py", UNFINISHED_IS_WELCOME, "untouched or self._header == plan.header"),
        torn_half_way,
        "bricked",
        "the card cannot be finished: wrong_card",
    ),
    Wrong(
        "writes one card, then no more",
        "issue",
        Change("issuer.py", CREDIT_CHECKED, "        del self._batches[one_time.batch_id]\n" + CREDIT_CHECKED),
        undisturbed,
        "bricked",
        "the issuer does not write the next card",
    ),
)


@cache
def honest(name: str) -> Batch | Issue:
    return SCENARIOS[name](SEED)


@pytest.mark.parametrize("wrong", MUTANTS, ids=lambda wrong: wrong.name)
def test_a_wrong_firmware_is_caught(wrong: Wrong) -> None:
    scenario = SCENARIOS[wrong.scenario](SEED, build_mutant(wrong.change))
    outcome = scenario.run(wrong.point(scenario.extent()))
    assert wrong.words in " ".join(getattr(outcome, wrong.invariant)), outcome


@pytest.mark.parametrize("scenario", ["batch", "issue"])
@pytest.mark.parametrize("point", [undisturbed, cut_after_the_burn, torn_half_way], ids=lambda point: point.__name__)
def test_the_honest_firmware_is_not(scenario: str, point: Callable[[Extent], Disturbance | None]) -> None:
    extent = honest(scenario).extent()
    if point is torn_half_way and len(extent.writes) < 2:
        point = cut_after_the_burn
    assert honest(scenario).run(point(extent)).findings() == []


def test_a_blank_that_the_tear_destroyed_is_spoiled_and_no_credit_is_lost() -> None:
    """Inside the write of a sector trailer the chip may lock itself for ever: reported, not lost, not bricked."""
    extent = honest("issue").extent()
    torn = [Tear(extent.writes[TRAILER_WRITE], "inside_write", fraction) for fraction in WRITE_FRACTIONS]
    outcomes = [honest("issue").run(tear) for tear in torn]
    assert any("the issuer said damaged" in words for outcome in outcomes for words in outcome.spoiled)
    assert [finding for outcome in outcomes for finding in outcome.findings()] == []
