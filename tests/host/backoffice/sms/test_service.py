"""Every SMS has a state, is taken once, answered once, and costs no more than it may."""

import asyncio
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import uplink

from backoffice.accounts.roles import Role
from backoffice.commands import service as commands
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import SmsNoNumber, SmsPlatformRefused, SmsPlatformUnreachable, StorageFull
from backoffice.models import Alert, SmsIn, SmsOut
from backoffice.models import Machine as MachineRow
from backoffice.sms import service, worker
from backoffice.sms.platform import Aside
from backoffice.sms.schemas import OutKind
from tests.host.backoffice.machines import Machine, provision_again
from tests.host.backoffice.sms.support import NUMBER, OTHER_NUMBER, Counter, Forwarder, coming, going, rows, work
from tests.host.backoffice.support import HandClock, log_in, make_user

Spoil = Callable[[bytes], bytes]


def number_of(context: Context, machine_id: int = 1) -> str:
    with transaction(context.engine, READ) as session:
        row = session.get(MachineRow, machine_id)
        assert row is not None
        return row.sms_number


def push(context: Context, *, urgent: bool = True) -> SmsOut | None:
    with transaction(context.engine) as session:
        return context.sms.push(session, 1, urgent=urgent)


def order(context: Context, batch: int = 70) -> None:
    with transaction(context.engine) as session:
        commands.order_by_system(session, 1, uplink.REVOKE_BATCH, [batch], context.clock())


def test_a_report_is_stored_and_its_ack_goes_out(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    report = machine.report()
    answer = forwarder.hand_in(report)
    assert (answer.status_code, answer.json()) == (200, {"state": "taken", "error": ""})
    assert number_of(context) == NUMBER
    work(context)
    ((number, data, reference),) = counter.got
    assert number == NUMBER
    assert len(data) <= 140
    assert uplink.open_ack(machine.key, report, data).ack_seq == 4
    (row,) = coming(context)
    assert (row.state, row.machine_id, row.body, row.size_bytes) == ("taken", 1, None, len(report))
    (out,) = going(context)
    assert (out.id, out.state, out.kind, out.attempts, out.parts) == (reference, "submitted", "ack", 1, 1)
    assert (out.platform, out.provider_id, out.sms_in_id) == ("webhook", f"p{reference}", row.id)


def test_handed_in_again_is_the_same_sms(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    report = machine.report()
    answers = [forwarder.hand_in(report, provider_id="same").json()["state"] for _ in range(3)]
    assert answers == ["taken"] * 3
    work(context)
    assert [row.repeats for row in coming(context)] == [2]
    assert len(counter.got) == 1


def test_handed_in_twice_at_once(context: Context, machine: Machine, counter: Counter) -> None:
    machine.exam(500)
    report = machine.report()

    async def both() -> list[SmsIn]:
        return list(await asyncio.gather(*(context.sms.take("same", NUMBER, report) for _ in range(5))))

    assert {row.state for row in asyncio.run(both())} <= {"taken", "received"}
    work(context)
    assert ([row.repeats for row in coming(context)], len(counter.got)) == ([4], 1)


def test_whoever_comes_late_decides_nothing_twice(context: Context, machine: Machine, counter: Counter) -> None:
    """A hand-in that was found undecided while another hand was about to decide it."""
    machine.exam(500)
    report = machine.report()
    row = asyncio.run(context.sms.take("same", NUMBER, report))
    assert asyncio.run(context.sms.decide(row, report)).state == "taken"
    with transaction(context.engine) as session:
        service.refuse(session, row.id or 0, SmsNoNumber())
        service.postpone(session, row.id or 0, StorageFull(), context.clock())
    work(context)
    assert [(found.state, found.error) for found in coming(context)] == [("taken", "")]
    assert len(counter.got) == 1


def test_a_copy_by_the_network_is_not_answered_twice_but_a_repeat_of_the_machine_is(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    report = machine.report()
    assert forwarder.hand_in(report).json()["state"] == "taken"
    assert forwarder.hand_in(report).json()["state"] == "duplicate"
    work(context)
    assert len(counter.got) == 1
    clock.now += 180  # the ack was lost: the machine asks again (firmware/links.py)
    assert forwarder.hand_in(report).json()["state"] == "taken"
    work(context)
    assert len(counter.got) == 2


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda report: b"hello", "uplink_malformed"),
        (lambda report: report[:-1] + bytes([report[-1] ^ 1]), "uplink_not_authentic"),
        (lambda report: report[:20], "uplink_malformed"),
    ],
)
def test_what_is_no_genuine_report_is_refused_for_good(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, spoil: Spoil, code: str
) -> None:
    machine.exam(500)
    answer = forwarder.hand_in(spoil(machine.report()))
    assert (answer.status_code, answer.json()) == (200, {"state": "refused", "error": code})
    work(context)
    assert (counter.got, number_of(context)) == ([], "")


def test_an_unknown_machine_and_a_sender_without_a_number_are_refused(
    context: Context, machine: Machine, forwarder: Forwarder
) -> None:
    machine.exam(500)
    stranger = Machine(99, 1, b"s" * 32)
    stranger.exam(1)
    assert forwarder.hand_in(stranger.report()).json()["error"] == "uplink_unknown_machine"
    assert forwarder.hand_in(machine.report(), sender="BANK").json()["error"] == "sms_bad_sender"
    assert [row.sender for row in coming(context)] == [NUMBER, "BANK"]
    assert number_of(context) == ""


def test_the_number_moves_only_with_something_new(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    old = machine.report()
    forwarder.hand_in(old)
    stolen = forwarder.hand_in(old, sender=OTHER_NUMBER)
    assert stolen.json() == {"state": "refused", "error": "sms_replayed"}
    assert number_of(context) == NUMBER
    machine.exam(501)  # another SIM: the next report is new
    assert forwarder.hand_in(machine.report(), sender=OTHER_NUMBER).json()["state"] == "taken"
    assert number_of(context) == OTHER_NUMBER
    assert forwarder.hand_in(old, sender=NUMBER).json()["error"] == "sms_replayed"
    work(context)
    assert [number for number, _data, _reference in counter.got][-1] == OTHER_NUMBER


def test_a_report_recorded_on_another_link_teaches_no_number(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    """The machine itself is answered, when its Wi-Fi went away before the answer came; but orders go nowhere else."""
    machine.exam(500)
    asyncio.run(context.ingest.take(report := machine.report()))
    assert forwarder.hand_in(report, sender=OTHER_NUMBER).json()["state"] == "taken"
    assert number_of(context) == ""
    work(context)
    assert [number for number, _data, _reference in counter.got] == [OTHER_NUMBER]


def test_the_same_number_without_its_plus(context: Context, machine: Machine, forwarder: Forwarder) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    assert forwarder.hand_in(machine.report(), sender="0086 138-0000-0001").json()["state"] in ("taken", "duplicate")
    assert forwarder.hand_in(machine.report(1, 2), sender=NUMBER[1:]).json()["state"] == "taken"


def test_reports_of_many_parts_are_taken(context: Context, machine: Machine, forwarder: Forwarder) -> None:
    for credit in range(500, 620, 3):
        machine.exam(credit)
    report = machine.report()
    assert 140 < len(report) <= 536
    assert forwarder.hand_in(report).json()["state"] == "taken"


def test_storage_trouble_leaves_it_undecided_and_the_worker_takes_it_later(
    context: Context,
    machine: Machine,
    forwarder: Forwarder,
    counter: Counter,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine.exam(500)

    async def full(*_args: object) -> None:
        raise StorageFull()

    with monkeypatch.context() as patch:
        patch.setattr(context.ingest, "take_incoming", full)
        assert forwarder.hand_in(machine.report()).status_code == 507
        assert [(row.state, row.error) for row in coming(context)] == [("received", "storage_full")]
        clock.now += 120
        work(context)
    assert coming(context)[0].state == "received"
    clock.now += 120
    work(context)
    assert [(row.state, row.error) for row in coming(context)] == [("taken", "")]
    work(context)
    assert len(counter.got) == 1


def test_a_newer_ack_replaces_one_that_waits(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    counter.trouble = SmsPlatformUnreachable()
    for credit in (500, 501, 502):
        machine.exam(credit)
        forwarder.hand_in(machine.report())
        work(context)
    assert [(row.state, row.error) for row in going(context)] == [
        ("expired", "sms_superseded"),
        ("expired", "sms_superseded"),
        ("queued", "sms_platform_unreachable"),
    ]
    counter.trouble = None
    clock.now += 60
    work(context)
    assert len(counter.got) == 1


def test_a_platform_that_is_down_is_tried_with_back_off_and_given_up(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    counter.trouble = SmsPlatformUnreachable()
    machine.exam(500)
    forwarder.hand_in(machine.report())
    waits = []
    for _ in range(worker.ATTEMPTS_MAX):
        work(context)
        (row,) = going(context)
        waits.append(row.next_at - clock.now)
        clock.now = row.next_at
    assert (row.state, row.attempts, row.error) == ("failed", worker.ATTEMPTS_MAX, "sms_platform_unreachable")
    assert waits == sorted(waits)
    assert service.BACKOFF_FIRST_S <= waits[0] <= 2 * service.BACKOFF_FIRST_S
    assert waits[-1] <= service.BACKOFF_MAX_S * 1.25
    counter.trouble = None
    work(context)
    assert counter.got == []


def test_a_platform_that_is_down_sees_one_knock_a_round(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    push(context)
    counter.trouble = SmsPlatformUnreachable()
    work(context)
    assert [row.attempts for row in going(context)] == [1, 0]
    work(context)
    assert [row.attempts for row in going(context)] == [1, 1]
    counter.trouble = SmsPlatformRefused()  # of one message: the others go on
    push(context)
    work(context)
    assert [row.state for row in going(context)] == ["queued", "expired", "failed"]


def test_a_person_is_told_when_nothing_goes_out(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    def raised() -> list[tuple[str, bool]]:
        return [(row.kind, row.cleared_at is None) for row in rows(context, Alert) if isinstance(row, Alert)]

    counter.trouble = SmsPlatformUnreachable("Kannel answered 503")
    machine.exam(500)
    forwarder.hand_in(machine.report())
    for _ in range(worker.STUCK_ATTEMPTS):
        assert raised() == []
        work(context)
        clock.now = going(context)[0].next_at
    assert raised() == [("sms_stuck", True)]
    counter.trouble = None
    work(context)
    assert raised() == [("sms_stuck", False)]


def test_what_the_platform_refuses_is_not_tried_again(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    counter.trouble = SmsPlatformRefused()
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    assert [(row.state, row.error) for row in going(context)] == [("failed", "sms_platform_refused")]


def test_what_waited_too_long_expires(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    clock.now += worker.LIFETIME_S[OutKind.ACK] + 1
    work(context)
    assert ([(row.state, row.error) for row in going(context)], counter.got) == ([("expired", "sms_too_old")], [])


def test_one_machine_costs_no_more_than_its_cap(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    context.sms.settings = context.sms.settings.model_copy(update={"sms_per_machine_day": 2})
    for credit in (500, 501, 502):
        machine.exam(credit)
        forwarder.hand_in(machine.report())
        work(context)
    assert [row.error for row in going(context)] == ["", "", "sms_cap_reached"]
    assert len(counter.got) == 2
    clock.now += 86400
    machine.exam(503)
    forwarder.hand_in(machine.report())
    work(context)
    assert len(counter.got) == 3


def test_too_many_in_a_minute_are_handed_in_later(
    context: Context, machine: Machine, forwarder: Forwarder, clock: HandClock
) -> None:
    context.sms.settings = context.sms.settings.model_copy(update={"sms_per_minute": 3})
    answers = [forwarder.hand_in(b"spam %d" % number).status_code for number in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert forwarder.hand_in(b"spam 0", provider_id="m1").status_code == 200  # known already
    clock.now += 61
    assert forwarder.hand_in(b"more").status_code == 200


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["delivered", "failed"], "delivered"),
        (["failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["sent"], "sent"),
    ],
)
def test_delivery_reports_come_in_any_order(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, reported: list[str], state: str
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    reference = counter.got[0][2]
    assert [forwarder.deliver(reference, word).status_code for word in reported] == [204] * len(reported)
    assert going(context)[0].state == state


def test_a_delivery_report_that_overtakes_the_handing_over(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    forwarder.deliver(going(context)[0].id or 0, "delivered")
    assert forwarder.deliver(99, "delivered").status_code == 204  # forgotten long ago
    work(context)
    assert (going(context)[0].state, counter.got) == ("delivered", [])


def test_a_push_carries_what_waits(context: Context, machine: Machine, forwarder: Forwarder, counter: Counter) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    order(context)
    row = push(context)
    assert row is not None
    work(context)
    opened = uplink.open_push(machine.key, counter.got[-1][1])
    assert (opened.ack_seq, opened.ack_mac, [command.args for command in opened.commands]) == (
        4,
        machine.macs[3],
        [[70]],
    )
    assert going(context)[-1].kind == "push"


def test_pushes_only_where_they_are_worth_their_price(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    order(context)
    assert push(context) is None  # no number is known
    machine.exam(500)
    forwarder.hand_in(machine.report())
    machine.exam(501)
    asyncio.run(context.ingest.take(machine.report(health={uplink.HEALTH_TRANSPORT: "wifi"})))
    assert push(context, urgent=False) is None  # it hears of it sooner, and for nothing
    assert push(context, urgent=True) is not None
    machine.exam(502)
    forwarder.hand_in(machine.report())  # it does not say that it is an SMS: no room
    assert push(context, urgent=False) is not None


def test_an_order_that_no_sms_carries_costs_none(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    with transaction(context.engine) as session:
        commands.order_by_system(session, 1, uplink.SET_TIME, [], context.clock())
    assert push(context, urgent=False) is None
    assert [row.kind for row in going(context)] == ["ack"]
    order(context)
    assert push(context, urgent=False) is not None


def test_a_push_without_a_number_says_so(context: Context, machine: Machine) -> None:
    with transaction(context.engine) as session, pytest.raises(SmsNoNumber):
        service.push(session, context.keyring, 1, 100, 0, urgent=True)


def test_a_newer_push_replaces_one_that_waits_and_two_pushes_never_share_a_nonce(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    first, second = push(context), push(context)
    assert first is not None
    assert second is not None
    assert first.body != second.body
    assert [row.state for row in going(context)] == ["queued", "expired", "queued"]


def test_a_push_that_did_not_arrive_is_sent_again_and_no_more(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    push(context)
    for _ in range(5):
        work(context)
        forwarder.deliver(going(context)[-1].id or 0, "failed")
        clock.now += 3600
    row = going(context)[-1]
    assert (row.state, row.attempts, row.error) == ("failed", 3, "sms_undelivered")


def test_a_long_push_is_paid_for_in_parts(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    with transaction(context.engine) as session:
        commands.order_by_system(session, 1, uplink.SETTINGS, [{"wifi_password": "p" * 150}], context.clock())
    push(context)
    row = going(context)[-1]
    assert (row.parts, 140 < len(row.body) <= 266) == (2, True)


def test_after_a_new_provisioning_the_new_key_speaks(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    again = provision_again(context, machine, b"n" * 32)
    push(context)
    opened = uplink.open_push(again.key, going(context)[-1].body)
    assert opened.ack_seq == 0


def test_lists_and_days(
    app: FastAPI, context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    forwarder.hand_in(b"spam")
    work(context)
    clock.now += 86400
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    machine.exam(501)
    forwarder.hand_in(machine.report())
    work(context)
    listed = administrator.get("/api/v1/sms", params={"limit": 3}).json()
    assert [(item["direction"], item["state"]) for item in listed["items"]] == [
        ("out", "submitted"),
        ("in", "taken"),
        ("out", "submitted"),
    ]
    assert listed["more"]
    whole = administrator.get("/api/v1/sms").json()["items"]
    leafed = [administrator.get("/api/v1/sms", params={"limit": 1}).json()]
    while leafed[-1]["more"]:
        leafed.append(administrator.get("/api/v1/sms", params={"limit": 1, "cursor": leafed[-1]["next"]}).json())
    assert [page["items"] for page in leafed] == [[item] for item in whole]
    assert [page["more"] for page in leafed] == [True] * 4 + [False]
    refused = administrator.get("/api/v1/sms", params={"state": "refused", "direction": "in"}).json()["items"]
    assert [(item["number"], item["error"], item["machine_id"]) for item in refused] == [
        (NUMBER, "uplink_malformed", None)
    ]
    days = administrator.get("/api/v1/sms/days", params={"days": 2}).json()
    assert [(day["received"], day["refused"], day["sent"], day["parts"]) for day in days] == [
        (1, 0, 1, 1),
        (2, 1, 1, 1),
    ]
    assert days[0]["day"] > days[1]["day"]
    assert administrator.get("/api/v1/sms/days", params={"days": 1}).json() == days[:1]
    machine_only = administrator.get("/api/v1/sms", params={"machine_id": 1, "since": clock.now}).json()["items"]
    assert len(machine_only) == 2


def test_an_administrator_may_push(app: FastAPI, context: Context, machine: Machine, forwarder: Forwarder) -> None:
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    assert TestClient(app).post("/api/v1/machines/1/sms-push").status_code == 401
    assert administrator.post("/api/v1/machines/1/sms-push").json()["error"]["code"] == "sms_no_number"
    assert administrator.post("/api/v1/machines/9/sms-push").status_code == 404
    machine.exam(500)
    forwarder.hand_in(machine.report())
    assert administrator.post("/api/v1/machines/1/sms-push").json()["kind"] == "push"


def test_lists_go_back_so_far_and_no_further(
    context: Context, machine: Machine, forwarder: Forwarder, counter: Counter, clock: HandClock
) -> None:
    machine.exam(500)
    forwarder.hand_in(machine.report())
    work(context)
    clock.now += 401 * 86400
    work(context)
    assert (coming(context), going(context)) == ([], [])


def test_what_left_the_modems_memory_is_kept_once_and_so_long(
    app: FastAPI, context: Context, machine: Machine, clock: HandClock
) -> None:
    make_user(context, "admin", Role.ADMINISTRATOR)
    administrator = log_in(app, "admin")
    shown = [f"07{number:04X}" for number in range(4)]
    for line in (shown[0], *shown):
        assert context.sms.set_aside(Aside("half", "+861", "SM 3", line))
    assert TestClient(app).get("/api/v1/sms/set-aside").status_code == 401
    listed = administrator.get("/api/v1/sms/set-aside", params={"limit": 3}).json()
    assert ([item["shown"] for item in listed["items"]], listed["more"]) == ([*reversed(shown)][:3], True)
    assert listed["items"][0] | {"id": 0} == {
        "id": 0,
        "stored_at": clock.now,
        "reason": "half",
        "sender": "+861",
        "place": "SM 3",
        "shown": shown[3],
    }
    clock.now += 401 * 86400
    work(context)
    assert context.sms.set_aside(Aside("unreadable", "x" * 99, "y" * 99, "z" * 9999))
    (kept,) = log_in(app, "admin").get("/api/v1/sms/set-aside").json()["items"]
    assert (len(kept["sender"]), len(kept["place"]), len(kept["shown"])) == (24, 16, 800)


def test_people_hear_of_the_modems_troubles_and_of_their_end(context: Context) -> None:
    def alerts() -> list[tuple[str, str, bool]]:
        found = [row for row in rows(context, Alert) if isinstance(row, Alert)]
        return [(row.kind, row.message, row.cleared_at is None) for row in found]

    context.sms.trouble("modem", "there is no usable SIM")
    context.sms.trouble("unreadable", "1 on the SIM, one at place 3 of SM.")
    assert alerts() == [
        ("sms_modem_away", "there is no usable SIM", True),
        ("sms_unreadable", "1 on the SIM, one at place 3 of SM.", True),
    ]
    for subject in ("modem", "unreadable", "modem"):
        context.sms.trouble(subject, "")
    assert [is_open for _kind, _message, is_open in alerts()] == [False, False]
