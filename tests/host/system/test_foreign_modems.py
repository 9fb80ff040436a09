"""Modems of other makes: what they cannot, what they say in between, what fills their memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from gsm.network_pdu import encode_deliver, encode_deliver_parts, encode_status_report
from gsm.pdu import encode_submit

from backoffice.sms import memory, modem
from backoffice.sms.modem import ModemPlatform
from backoffice.sms.modem_setup import wanted_announcements
from backoffice.sms.sim_pin import SimPin
from backoffice.supervision import Worker
from tests.host.system.pty_modem import Make, PtyModem
from tests.host.system.test_sms_modem import BAUD, MACHINES, WAIT_S, Hall

NOW = 1_795_400_000
REPORT = bytes(range(140))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run in real time."""
    monkeypatch.setattr(modem, "REOPEN_S", 0.05)
    monkeypatch.setattr(modem, "SWEEP_S", 0.2)
    monkeypatch.setattr("backoffice.sms.at_port.READ_TIMEOUT_S", 0.02)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def worker() -> Worker:
    return Worker("sms-modem")


Drive = Callable[[PtyModem], AbstractContextManager[ModemPlatform]]


@pytest.fixture
def drive(tmp_path: Path, hall: Hall, worker: Worker) -> Drive:
    @contextmanager
    def run(other: PtyModem) -> Iterator[ModemPlatform]:
        platform = ModemPlatform(other.path, BAUD, SimPin("", tmp_path / "refused.json"), worker)
        platform.start(hall)
        try:
            assert platform.ready.wait(WAIT_S)
            yield platform
        finally:
            platform.close()

    return run


def delivered(content: bytes = REPORT, sender: str = MACHINES, at: int = NOW) -> bytes:
    return encode_deliver(sender, content, at)


def advert(parts: int, first: int, count: int, reference: int = 9) -> list[bytes]:
    """So many parts of a long text."""
    return [
        encode_deliver("+8610690000", b"You won!" * 16, NOW + part, reference, part, parts)
        for part in range(first, first + count)
    ]


CNMI = {
    "a SIM800: reports are shown": ("(0-3),(0-3),(0,2),(0,1),(0,1)", lambda v: v.split(",")[3] in "01", "2,1,0,1,0"),
    "a Cinterion MC75i: stored reports, bfr 1": (
        "(0-3),(0,1),(0,2,3),(0,2),(1)",
        lambda v: v.split(",")[3] != "1" and v.endswith(",1"),
        "2,1,0,2,1",
    ),
    "a Motorola g20: none of either": ("(0,3),(0-2),(0,2),(0),(0)", lambda v: v == "3,1,0,0,0", "3,1,0,0,0"),
    "one that does not say and wants bfr 1": (None, lambda v: v.endswith(",1"), "2,1,0,1,1"),
    "one that does not say and knows no reports": (None, lambda v: v.split(",")[3:4] == ["0"], "2,1,0,0,0"),
    "one that offers what it refuses": ("(0-2),(0-3),(0,2,3),(0-2),(0,1)", lambda v: v == "1,1,0,0,1", "1,1,0,0,1"),
    "one with two values": (None, lambda v: v == "1,1", "1,1"),
    "one that stores without a word": ("(0),(0),(0),(0),(0)", lambda v: False, None),
}


@pytest.mark.parametrize(("offered", "takes", "chosen"), CNMI.values(), ids=CNMI)
def test_announcements(
    drive: Drive, hall: Hall, offered: str | None, takes: Callable[[str], bool], chosen: str | None
) -> None:
    with PtyModem(Make(cnmi=offered, takes_cnmi=takes)) as other, drive(other) as platform:
        assert other.heard[-1].startswith("AT+C")
        tried = [command[8:] for command in other.heard if command.startswith("AT+CNMI=") and "?" not in command]
        assert (tried[-1] if chosen else None) == chosen
        if not chosen:
            other.make.before_pdu = []
        other.place("SM", delivered())
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        other.wait_until(lambda: not other.stored["SM"])
        assert platform.send(MACHINES, b"an answer", 1) == "1"


@pytest.mark.parametrize("offered", ["", "(0-2)", "(9),(9)", "()", "(((", "(0-9),(0-9),(0-9),(0-9),(0-9)", "x" * 1000])
def test_whatever_it_offers_the_tries_are_few_and_never_show_messages_unstored(offered: str) -> None:
    wanted = wanted_announcements(offered)
    assert 0 < len(wanted) <= 60
    assert len(set(wanted)) == len(wanted)
    assert all(values[1] in (0, 1) for values in wanted)


@pytest.mark.parametrize(
    "make",
    [
        Make(refuses=("ATE0", "AT+CMEE", "AT+CSMS", "AT+CSCS", "AT+CPIN")),
        Make(cpms=None),
        Make(cpms='("ME","SM","MT"),("ME","SM","MT"),("SM","MT")'),
        Make(receives="ME"),
        Make(receives="BM", cpms='("SM","ME"),("SM","ME"),("SM","ME")'),
        Make(empty_is_an_error=True),
        Make(csms="1,1,1,1", knows_csms_0=False),
    ],
    ids=[
        "knows little",
        "one memory",
        "an MC75i",
        "receives into ME",
        "receives elsewhere",
        "empty is wrong",
        "phase 2+",
    ],
)
def test_other_makes_bring_messages_and_carry_answers(drive: Drive, hall: Hall, make: Make) -> None:
    with PtyModem(make) as other, drive(other) as platform:
        other.place(make.receives if make.receives in make.places else "SM", delivered())
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        assert platform.send(MACHINES, b"an answer", 1) == "1"


def test_a_modem_without_pdu_mode_says_so(hall: Hall, worker: Worker, tmp_path: Path) -> None:
    with PtyModem(Make(refuses=("AT+CMGF",))) as other:
        platform = ModemPlatform(other.path, BAUD, SimPin("", tmp_path / "refused.json"), worker)
        platform.start(hall)
        hall.wait_until(lambda: "PDU" in hall.troubles.get("modem", ""))
        platform.close()


def test_messages_in_every_memory_are_found_and_parts_in_two_are_joined(drive: Drive, hall: Hall) -> None:
    first, second = encode_deliver_parts(MACHINES, bytes(200), NOW, 5)
    with PtyModem(Make(), {"SM": {1: first}, "ME": {4: second, 7: delivered()}}) as other, drive(other):
        hall.wait_until(lambda: len(hall.taken) == 2)
        other.wait_until(lambda: not other.stored["SM"] and not other.stored["ME"])
    assert sorted(hall.taken) == [(MACHINES, bytes(200)), (MACHINES, REPORT)]


def test_a_shown_delivery_report_is_acknowledged_where_the_modem_waits_for_it(drive: Drive, hall: Hall) -> None:
    report = encode_status_report(7, MACHINES, 0, NOW, NOW + 9)
    with PtyModem(Make(csms="1,1,1,1", knows_csms_0=False)) as other, drive(other):
        other.say(b"+CDS: %d" % (len(report) - 1 - report[0]), b"^RSSI:20", report.hex().encode())
        hall.wait_until(lambda: hall.reports == [("7", MACHINES, True)])
        other.wait_until(lambda: "AT+CNMA" in other.heard)


def test_a_stored_delivery_report_is_read_where_it_lies(drive: Drive, hall: Hall) -> None:
    report = encode_status_report(7, MACHINES, 0, NOW, NOW + 9)
    make = Make(cnmi="(2),(1),(0),(2),(1)", takes_cnmi=lambda v: v == "2,1,0,2,1", cpms='("SM","SR"),("SM"),("SM")')
    make.places["SR"] = 5
    with PtyModem(make) as other, drive(other):
        other.place("SR", report)
        hall.wait_until(lambda: hall.reports == [("7", MACHINES, True)])
        other.wait_until(lambda: not other.stored["SR"])


# What it says between a header and its PDU.


@pytest.mark.parametrize(
    "stray", [b"^RSSI:18", b'+CUSD: 0,"Saldo 5",15', b"+CIEV: 2,4", b"+ZUSIMR:2", b"RING", b"Call Ready", b"+CREG: 1"]
)
def test_a_line_of_the_modems_own_before_a_pdu_costs_nothing(drive: Drive, hall: Hall, stray: bytes) -> None:
    with PtyModem(Make(before_pdu=[stray]), {"SM": {3: delivered()}}) as other, drive(other):
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        other.wait_until(lambda: not other.stored["SM"])
    assert hall.aside == []


def test_what_was_cut_is_left_and_read_again(drive: Drive, hall: Hall) -> None:
    with PtyModem(Make(pdu_spoiled=2), {"SM": {3: delivered()}}) as other, drive(other):
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        other.wait_until(lambda: "AT+CMGD=3" in other.heard)
        assert other.heard[: other.heard.index("AT+CMGD=3")].count("AT+CMGL=4") >= 3
    assert (hall.aside, hall.troubles["unreadable"]) == ([], "")


def test_what_stays_unreadable_is_told_of_and_left_while_there_is_room(drive: Drive, hall: Hall) -> None:
    with PtyModem(Make(pdu_spoiled=10_000), {"SM": {3: delivered()}}) as other, drive(other):
        hall.wait_until(lambda: "place 3 of SM" in hall.troubles.get("unreadable", ""))
        assert (other.lies("SM"), hall.taken, hall.aside) == (1, [], [])
        other.make.pdu_spoiled = 0
        hall.wait_until(lambda: hall.troubles["unreadable"] == "")
        assert hall.taken == [(MACHINES, REPORT)]


def test_what_stays_unreadable_makes_room_and_is_kept_as_it_was_shown(drive: Drive, hall: Hall) -> None:
    whole = {number: delivered(at=NOW + number) for number in range(20)}
    with PtyModem(Make(pdu_spoiled=10_000), {"SM": dict(whole)}) as other, drive(other):
        hall.wait_until(lambda: len(hall.aside) == 2)
        other.wait_until(lambda: other.lies("SM") == 18)
        assert not any(command.startswith("AT+CMGD") for command in other.heard[: other.heard.index("AT+CMGL=4") + 2])
    assert {aside.reason for aside in hall.aside} == {"unreadable"}
    shown = {pdu.hex().upper()[:-6] for pdu in whole.values()}
    assert {aside.shown for aside in hall.aside} <= shown


def test_what_cannot_be_set_aside_is_not_deleted(drive: Drive, hall: Hall, worker: Worker) -> None:
    hall.open = False
    with PtyModem(Make(), {"SM": dict(enumerate(advert(54, 1, 20)))}) as other, drive(other):
        other.wait_until(lambda: other.heard.count("AT+CMGL=4") > 3)
        assert other.lies("SM") == 20
        with hall.changed:
            hall.open = True
        other.wait_until(lambda: not other.stored["SM"])


# What fills its memory.


def test_one_long_advert_keeps_nobody_out(drive: Drive, hall: Hall) -> None:
    """20 of 20 places hold parts of 54; the network brings the others as room comes, and a report behind them."""
    coming = [*advert(54, 21, 34), delivered()]
    with PtyModem(Make(), {"SM": dict(enumerate(advert(54, 1, 20)))}) as other, drive(other):
        while coming:
            other.wait_until(lambda: len(other.stored["SM"]) < 20)
            while coming and other.place("SM", coming[0]):
                coming.pop(0)
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        hall.wait_until(lambda: len(hall.aside) == 54)
    assert {aside.reason for aside in hall.aside} == {"too_long"}
    assert len({aside.shown for aside in hall.aside}) == 54


def test_of_half_messages_the_oldest_makes_room(drive: Drive, hall: Hall) -> None:
    """Each may still become whole, as a report of several parts does: so they go only when they must."""
    halves = {number: advert(4, 1, 1, reference=number)[0] for number in range(18)}
    with PtyModem(Make(), {"SM": dict(halves)}) as other, drive(other):
        other.wait_until(lambda: other.heard.count("AT+CMGL=4") > 2)
        assert (other.lies("SM"), hall.aside) == (18, [])
        first, second = encode_deliver_parts(MACHINES, bytes(200), NOW, 77)
        other.place("SM", first)
        hall.wait_until(lambda: len(hall.aside) == 1)
        other.wait_until(lambda: other.lies("SM") == 18)
        other.place("SM", second)
        hall.wait_until(lambda: hall.taken == [(MACHINES, bytes(200))])
    assert {aside.reason for aside in hall.aside} == {"half"}
    assert first.hex().upper() not in {aside.shown for aside in hall.aside}


def test_two_messages_with_one_number_of_parts_are_not_mixed(drive: Drive, hall: Hall) -> None:
    """A sender counts round after 256: the half of yesterday and the whole of today have the same number."""
    old, _lost = encode_deliver_parts(MACHINES, bytes(200), NOW - 86400, 5)
    new = bytes(range(200))
    first, second = encode_deliver_parts(MACHINES, new, NOW, 5)
    with PtyModem(Make(), {"SM": {1: old, 2: second}}) as other, drive(other):
        other.wait_until(lambda: other.heard.count("AT+CMGL=4") > 3)
        assert hall.taken == []
        with other.changed:
            other.stored["SM"] |= {3: first, 4: first}
        hall.wait_until(lambda: hall.taken == [(MACHINES, new)])
        other.wait_until(lambda: set(other.stored["SM"]) == {1})  # the network's second copy went, too


def test_somebody_elses_sent_messages_make_room_only_when_it_is_needed(drive: Drive, hall: Hall) -> None:
    sent = [encode_submit(MACHINES, b"from a phone %d" % number)[0][0] for number in range(10)]
    with PtyModem(Make(places={"SM": 10, "ME": 30}), {"SM": {1: sent[1], 2: delivered()}}) as other, drive(other):
        hall.wait_until(lambda: len(hall.taken) == 1)
        other.wait_until(lambda: other.heard.count("AT+CMGL=4") > 8)
        assert (other.lies("SM"), hall.aside) == (1, [])
        for pdu in sent[:1] + sent[2:]:
            other.place("SM", pdu)
        hall.wait_until(lambda: len(hall.aside) == 1)
    assert ({aside.reason for aside in hall.aside}, hall.troubles["unreadable"]) == ({"foreign"}, "")


def test_a_modem_that_says_it_is_full_is_looked_at_at_once(
    drive: Drive, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not count its places; what it says counts."""
    monkeypatch.setattr(modem, "SWEEP_S", 3600.0)
    halves = {number: advert(4, 1, 1, reference=number)[0] for number in range(20)}
    with PtyModem(Make(cpms=None), {"SM": dict(halves)}) as other, drive(other):
        other.wait_until(lambda: "AT+CMGL=4" in other.heard)
        other.say(b'^SMMEMFULL: "SM"')
        hall.wait_until(lambda: len(hall.aside) == 1)
        other.wait_until(lambda: other.lies("SM") == 19)


def test_a_message_whose_hand_in_fails_for_a_reason_that_nobody_foresaw_keeps_no_other_out(
    drive: Drive, hall: Hall, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisonous(number: str, sender: str, data: bytes) -> bool:
        if data == b"poison":
            raise ZeroDivisionError
        return take(number, sender, data)

    take = hall.take
    monkeypatch.setattr(hall, "take", poisonous)
    stored = {number: delivered(b"poison", at=NOW + number) for number in range(5)}
    with PtyModem(Make(), {"SM": {**stored, 9: delivered()}}) as other, drive(other) as platform:
        hall.wait_until(lambda: hall.taken == [(MACHINES, REPORT)])
        assert platform.ready.is_set()
        assert other.lies("SM") >= 5
    assert worker.failures >= 5


def test_a_part_that_waited_for_a_day_goes(drive: Drive, hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PART_KEPT_S", 0.0)
    with PtyModem(Make(), {"SM": {1: advert(4, 1, 1)[0]}}) as other, drive(other):
        hall.wait_until(lambda: [aside.reason for aside in hall.aside] == ["half"])
        other.wait_until(lambda: not other.stored["SM"])
