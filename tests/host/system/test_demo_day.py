"""The demonstration's day goes on, whatever the person who follows it in the browser does, until it is interrupted."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulator.checkers.journal_on_flash import read_journal
from tools.demo.bench import MASTER_ISSUER, SWIPE, Bench
from tools.demo.day import Day
from tools.demo.errors import NoAnswer
from tools.demo.method import Clinic, perform, supply
from tools.demo.operator import Operator, new_password
from tools.demo.say import Narrator
from tools.demo.server import Server
from tools.demo.sides import Told, records
from tools.demo.verdict import compare

HAPPENINGS_MAX = 400


@dataclass
class Evening:
    """A clinic on its first day, and what somebody does to it in the browser, one thing after the other."""

    clinic: Clinic
    server: Server
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.day = Day(
            self.clinic.bench,
            self.clinic.say,
            self.clinic.swipe_url,
            list(self.clinic.cards),
            self.clinic.other_cards,
            hurried=True,
            supply=partial(supply, self.clinic, count=6),
        )
        self.machine = f"/api/v1/machines/{self.clinic.machine_ids[SWIPE]}"

    def follow(self, story: Iterator[Callable[[], bool]]) -> None:
        """The day, until the story is told: it gives one thing after the other to be waited for."""
        wanted = next(story)
        left = iter(range(HAPPENINGS_MAX))

        def after_each() -> None:
            nonlocal wanted
            self.note()
            assert next(left, None) is not None, "what was waited for does not come"
            if wanted():
                try:
                    wanted = next(story)
                except StopIteration:
                    raise KeyboardInterrupt from None

        with pytest.raises(KeyboardInterrupt):
            self.day.run(None, after_each)

    def note(self) -> None:
        with self.clinic.bench.world.lock:
            self.told.note(read_journal(self.clinic.bench.machines[SWIPE].board.flash.image()))

    def acked(self) -> int:
        return int(self.clinic.operator.get(f"{self.machine}/journal-state")[0]["contiguous_seq"])

    def refused(self, reason: str) -> Callable[[], bool]:
        return lambda: self.day.refused.get(reason, 0) >= 2

    def exams(self, more: int) -> Callable[[], bool]:
        wanted = self.day.exams + more
        return lambda: self.day.exams >= wanted


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    with Server(tmp_path) as server, Bench(seed=1) as bench:
        operator = Operator.first_administrator(server.url, server.setup_token, "admin", new_password())
        clinic = Clinic(operator, bench, Narrator(), urlsplit(server.url).port or 0, cards_wanted=2)
        perform(clinic)
        yield Evening(clinic, server)
        operator.close()


def test_the_day_goes_on_whatever_is_done_in_the_browser(evening: Evening) -> None:
    clinic, day = evening.clinic, evening.day
    post = clinic.operator.post

    def story() -> Iterator[Callable[[], bool]]:
        yield evening.exams(1)
        assert clinic.master is not None
        clinic.desks[MASTER_ISSUER].leave(clinic.master)
        wanted = {"device_id": clinic.devices[MASTER_ISSUER], "pin": clinic.authority_pin}
        post("/api/v1/authority/session", wanted)
        post(f"{evening.machine}/lock", {"text": "Call 1234"})
        yield evening.refused("locked")
        post("/api/v1/authority/session", wanted)  # the card still lies there
        post(f"{evening.machine}/unlock")
        clinic.operator.patch(evening.machine, {"name": "Renamed"})
        yield evening.exams(1)
        yield lambda: len(day.fresh) >= 5  # of a new batch
        ((batch, _credit),) = records(day.fresh[:1])
        post(f"{evening.machine}/revoked-batches", {"batch": batch})
        post(f"{evening.machine}/settings", {"settings": {"exam_s": 1}})
        yield evening.refused("revoked")
        yield evening.exams(1)  # with a card of one more batch

    evening.follow(story())
    while evening.acked() < evening.told.last_seq:
        clinic.bench.wait(100)
        evening.note()
    place = clinic.machine_ids[SWIPE]
    verdict = compare(clinic.written_cards, evening.told, day.refused, evening.server.database, place, evening.acked())
    assert (verdict.findings, verdict.lost, verdict.double) == ([], 0, 0)
    assert verdict.debited == day.exams


def test_a_back_office_that_is_not_there_is_told_from_one_that_refuses() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        operator = Operator(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(NoAnswer, match="GET /api/v1/me"):
            operator.get("/api/v1/me")
        operator.close()
