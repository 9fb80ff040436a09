"""Which SMS is which: the sender, the content and a mark say so; a platform's number alone says nothing."""

import asyncio
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from backoffice.context import Context
from backoffice.errors import SmsUndelivered
from backoffice.models import SmsOut
from backoffice.sms import service
from backoffice.sms.kannel import SERVICE_HEADER
from backoffice.sms.secret import SmsSecrets
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.sms.support import NUMBER, OTHER_NUMBER, Counter, Forwarder, coming, going, work
from tests.host.backoffice.support import HandClock

HandIn = Callable[[str, bytes], str]
"""A platform's number and the content; what was said of it."""
DAY_S = 86400


@pytest.fixture(params=["webhook", "kannel", "modem"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def hand_in(
    platform: str, context: Context, client: TestClient, forwarder: Forwarder, secrets: SmsSecrets, counter: Counter
) -> HandIn:
    """Each platform's own door."""

    def by_webhook(number: str, content: bytes) -> str:
        return str(forwarder.hand_in(content, provider_id=number).json()["state"])

    def by_kannel(number: str, content: bytes) -> str:
        headers = {SERVICE_HEADER: secrets.kannel_in, "X-Kannel-From": NUMBER}
        answer = client.post("/api/v1/sms/kannel", params={"id": number}, content=content, headers=headers)
        assert answer.status_code == 200
        return str(answer.headers["X-Perscan-State"])

    def by_modem(number: str, content: bytes) -> str:
        return asyncio.run(context.sms.take(number, NUMBER, content)).state

    return {"webhook": by_webhook, "kannel": by_kannel, "modem": by_modem}[platform]


def test_a_platform_whose_numbers_begin_anew(
    context: Context, machine: Machine, hand_in: HandIn, counter: Counter
) -> None:
    for credit in (500, 501, 502):
        machine.exam(credit)
        assert hand_in("1", machine.report()) == "taken"
        work(context)
    assert [(row.state, row.repeats) for row in coming(context)] == [("taken", 0)] * 3
    assert len(counter.got) == 3


def test_the_same_sms_handed_in_again_stays_one(
    context: Context, machine: Machine, hand_in: HandIn, counter: Counter
) -> None:
    machine.exam(500)
    report = machine.report()
    assert [hand_in("1", report) for _ in range(3)] == ["taken"] * 3
    work(context)
    assert [(row.state, row.repeats) for row in coming(context)] == [("taken", 2)]
    assert len(counter.got) == 1


def test_a_machine_that_asks_again_through_a_platform_with_one_number_for_all_is_answered(
    context: Context, machine: Machine, hand_in: HandIn, counter: Counter, clock: HandClock
) -> None:
    """Its first answer was lost; its clock is not set, so it sends the same bytes. It stays one SMS."""
    machine.exam(500)
    report = machine.report()
    assert hand_in("1", report) == "taken"
    work(context)
    clock.now += 180  # firmware/links.py
    assert hand_in("1", report) == "taken"
    work(context)
    assert [(row.state, row.repeats) for row in coming(context)] == [("taken", 1)]
    assert len(counter.got) == 2


def test_what_was_refused_stays_refused(context: Context, hand_in: HandIn, clock: HandClock) -> None:
    for _ in range(3):
        assert hand_in("1", b"an advert") == "refused"
        clock.now += DAY_S
    assert hand_in("1", b"another advert") == "refused"
    assert [(row.state, row.repeats) for row in coming(context)] == [("refused", 2), ("refused", 0)]


def test_what_was_refused_before_its_machine_was_known_is_taken_when_it_comes_again(
    context: Context, hand_in: HandIn, counter: Counter, clock: HandClock
) -> None:
    machine = Machine()
    machine.exam(500)
    report = machine.report()
    assert hand_in("1", report) == "refused"
    add_machine(context, machine, add_institution(context))
    assert hand_in("1", report) == "refused"  # the network's second copy asks nothing
    clock.now += 180  # firmware/links.py
    assert hand_in("1", report) == "taken"
    work(context)
    assert [(row.state, row.error, row.repeats) for row in coming(context)] == [("taken", "", 2)]
    assert len(counter.got) == 1


class TestWithTheCentresTime:
    """A forwarding platform that knows the time stamp of the phone network's centre says it."""

    @pytest.fixture
    def platform(self) -> str:
        return "webhook"

    def test_numbers_are_not_even_looked_at(
        self, context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
    ) -> None:
        machine.exam(500)
        report = machine.report()
        states = [forwarder.hand_in(report, sent_at=clock.now).json()["state"] for _ in range(2)]  # numbers m1, m2
        clock.now += 180
        states.append(forwarder.hand_in(report, provider_id="m1", sent_at=clock.now).json()["state"])
        assert states == ["taken"] * 3
        assert [(row.provider_id, row.repeats) for row in coming(context)] == [("m1", 1), ("m1", 0)]

    @pytest.mark.parametrize("sent_at", [0, -1, 1.5, "yesterday", 1 << 50])
    def test_a_time_that_is_none(self, forwarder: Forwarder, sent_at: object) -> None:
        assert forwarder.hand_in(b"x", sent_at=sent_at).status_code == 400

    def test_another_sender_is_another_sms(self, context: Context, machine: Machine, forwarder: Forwarder) -> None:
        machine.exam(500)
        report = machine.report()
        assert forwarder.hand_in(report, provider_id="1").json()["state"] == "taken"
        assert forwarder.hand_in(report, OTHER_NUMBER, provider_id="1").json()["error"] == "sms_replayed"
        assert forwarder.hand_in(report, NUMBER[1:], provider_id="1").json()["state"] == "taken"
        assert [row.repeats for row in coming(context)] == [1, 0]

    def test_one_that_cannot_be_decided_waits_longer_each_time(
        self, context: Context, machine: Machine, forwarder: Forwarder, clock: HandClock
    ) -> None:
        machine.exam(500)
        row = asyncio.run(context.sms.take("1", NUMBER, b"x"))
        waits = []
        for _ in range(4):
            with context.sms._begin() as session:
                found = session.get(type(row), row.id)
                assert found is not None
                found.state = "received"
                service.postpone(session, row.id or 0, SmsUndelivered(), clock.now)
                waits.append(found.next_at - clock.now)
        assert waits == sorted(waits)
        assert waits[0] < waits[-1] <= service.BACKOFF_MAX_S * 1.25


class TestDeliveryReports:
    """A modem's number of a message is one byte, and begins at 1 when the modem does."""

    @pytest.fixture
    def platform(self) -> str:
        return "modem"

    def sent(self, context: Context, machine: Machine, counter: Counter, credit: int, number: str) -> int:
        counter.number = number
        machine.exam(credit)
        asyncio.run(context.sms.take(f"in {credit}", NUMBER, machine.report()))
        work(context)
        return int(going(context)[-1].id or 0)

    def states(self, context: Context) -> list[str]:
        return [row.state for row in going(context)]

    def test_a_number_that_came_again_means_the_one_that_the_network_took_then(
        self, context: Context, machine: Machine, counter: Counter, clock: HandClock
    ) -> None:
        old_at = clock.now
        self.sent(context, machine, counter, 500, "7")
        clock.now += 3 * DAY_S
        self.sent(context, machine, counter, 501, "7")
        assert context.sms.report("7", NUMBER, delivered=True, submitted_at=clock.now - 2)
        assert self.states(context) == ["submitted", "delivered"]
        assert context.sms.report("7", NUMBER, delivered=False, submitted_at=old_at + 3)
        assert self.states(context) == ["failed", "delivered"]

    def test_a_report_that_is_faster_than_our_own_note_waits_for_it(
        self, context: Context, machine: Machine, counter: Counter, clock: HandClock
    ) -> None:
        self.sent(context, machine, counter, 500, "7")
        clock.now += 3600
        heard = []
        counter.while_sending = lambda: heard.append(
            context.sms.report("7", NUMBER, delivered=True, submitted_at=clock.now)
        )
        self.sent(context, machine, counter, 501, "7")
        assert (heard, self.states(context)) == ([False], ["submitted", "submitted"])
        assert context.sms.report("7", NUMBER, delivered=True, submitted_at=clock.now)
        assert self.states(context) == ["submitted", "delivered"]

    def test_a_report_of_what_somebody_else_sent(
        self, context: Context, machine: Machine, counter: Counter, clock: HandClock
    ) -> None:
        self.sent(context, machine, counter, 500, "7-8")
        assert not context.sms.report("9", NUMBER, delivered=True)
        assert not context.sms.report("7", OTHER_NUMBER, delivered=True)
        assert not context.sms.report("7", NUMBER, delivered=True, submitted_at=clock.now - 2 * DAY_S)
        assert self.states(context) == ["submitted"]
        assert context.sms.report("8", NUMBER[1:], delivered=True)
        assert self.states(context) == ["delivered"]

    def test_a_late_report_is_found_behind_any_number_of_later_messages(
        self, context: Context, machine: Machine, counter: Counter, clock: HandClock
    ) -> None:
        self.sent(context, machine, counter, 500, "7-8")
        (first,) = going(context)
        later = first.model_dump(exclude={"id"})
        with context.sms._begin() as session:
            for number in range(150):
                session.add(SmsOut(**later | {"provider_id": f"1{number}-8{number}", "handed_over_at": clock.now + 1}))
        clock.now += DAY_S
        assert context.sms.report("8", NUMBER, delivered=True)
        assert self.states(context).count("delivered") == 1
        assert going(context)[0].state == "delivered"

    def test_our_own_numbers_never_come_again(self, context: Context, machine: Machine, counter: Counter) -> None:
        """They are what delivery reports name, and what a push is sealed with."""
        last = self.sent(context, machine, counter, 500, "7")
        with context.sms._begin() as session:
            for row in going(context):
                session.delete(session.merge(row))
        assert self.sent(context, machine, counter, 501, "8") == last + 1


def test_what_was_taken_once_stays_taken_when_it_comes_again_after_the_machine_has_moved(
    context: Context, machine: Machine, hand_in: HandIn, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    old = machine.report()
    assert hand_in("1", old) == "taken"
    machine.exam(501)
    asyncio.run(context.sms.take("2", OTHER_NUMBER, machine.report()))
    work(context)
    answers = len(counter.got)
    clock.now += DAY_S
    assert hand_in("1", old) == "taken"
    work(context)
    assert ([row.state for row in coming(context)], len(counter.got)) == (["taken", "taken"], answers)
