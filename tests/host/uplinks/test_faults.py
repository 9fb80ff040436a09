"""The same seed gives the same misfortunes, in about the promised number."""

import random

from tools.uplinks.faults import LOSS, REFUSED, Fault, Faults
from tools.uplinks.scenario import visits

MANY = 2_000


def drawn(seed: int, **given: float) -> list[Fault]:
    faults = Faults(random.Random(seed), **given)  # type: ignore[arg-type]  # noqa: S311
    return [faults.of_exchange() for _ in range(MANY)]


def test_a_seed_is_a_fate() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_fifth_is_spoilt_in_every_way() -> None:
    found = drawn(3)
    spoilt = sum(fault is not Fault.NONE for fault in found)
    assert abs(spoilt / MANY - LOSS) < 0.03
    assert set(found) == {Fault.NONE, Fault.LOST, Fault.ANSWER_LOST, Fault.LATE, Fault.HANG}


def test_connections_are_refused_now_and_then() -> None:
    faults = Faults(random.Random(1))  # noqa: S311
    refused = sum(faults.of_connection() for _ in range(MANY))
    assert abs(refused / MANY - REFUSED) < 0.02
    assert faults.seen[Fault.REFUSED] == refused


def test_a_kill_stays_due_until_it_was_done() -> None:
    faults = Faults(random.Random(1), kills=(2, 3), loss=0)  # noqa: S311
    assert faults.of_exchange() is Fault.NONE
    assert faults.of_exchange() is Fault.KILLED
    assert faults.of_exchange() is Fault.KILLED
    faults.killed()
    assert faults.of_exchange() is Fault.KILLED
    faults.killed()
    assert faults.of_exchange() is Fault.NONE
    assert (faults.kills_done, faults.seen[Fault.KILLED]) == (2, 2)


def test_the_same_days_whatever_the_link() -> None:
    days = visits(1, 200, 1000)
    assert days == visits(1, 200, 1000)
    assert days != visits(2, 200, 1000)
    assert sorted(visit.credit for visit in days) == list(range(1000, 1200))
    assert [visit.credit for visit in days] != list(range(1000, 1200)), "people do not always take the next card"
