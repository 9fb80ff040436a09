"""Short messages at the AT interface: PDU mode, the memory, announcements, refusals."""

import re

import pytest
from gsm.network_pdu import encode_deliver, semi_octets
from gsm.pdu import decode_deliver, decode_status_report, encode_submit

from emulator.sim800.texts import heading_and_text

from .conftest import SERVICE, Desk, lines

Got = list[tuple[str, bytes]]


@pytest.fixture
def got(ready: Desk) -> Got:
    """What an application in the network received."""
    received: Got = []
    ready.world.phone.smsc.application(SERVICE, lambda sender, content: received.append((sender, content)))
    return received


def test_a_message_goes_out(ready: Desk, got: Got) -> None:
    assert ready.send_sms(b"\x00\x01\xff") == "+CMGS: 1|OK"
    ready.world.run_for(5_000)
    assert got == [(ready.modem.number, b"\x00\x01\xff")]


def test_parts_are_joined_by_the_platform(ready: Desk, got: Got) -> None:
    data = bytes(range(256)) * 2
    assert ready.send_sms(data) == "+CMGS: 4|OK"
    ready.world.run_for(10_000)
    assert got == [(ready.modem.number, data)]


def test_the_length_excludes_the_service_centre(ready: Desk) -> None:
    pdu, length = encode_submit(SERVICE, b"x")[0]
    ready.type(f"AT+CMGS={length + 1}\r".encode())
    assert lines(ready.type(pdu.hex().encode() + b"\x1a")) == "+CMS ERROR: 304"
    ready.type(f"AT+CMGS={length}\r".encode())
    assert lines(ready.type(b"no hexadecimal\x1a")) == "+CMS ERROR: 304"


def test_delivery_is_reported_if_that_was_asked_for(ready: Desk, got: Got) -> None:
    assert ready.ask("AT+CNMI=2,1,0,1,0") == "OK"
    assert ready.send_sms(report=True).startswith("+CMGS: 1|OK")
    ready.world.run_for(5_000)
    told = lines(bytes(ready.heard)).split("|")
    length = int(told[-2].removeprefix("+CDS: "))
    pdu = bytes.fromhex(told[-1])
    report = decode_status_report(pdu)
    assert length == len(pdu) - 1 - pdu[0]
    assert (report.reference, report.number, report.delivered) == (1, SERVICE, True)


def test_a_message_comes_in_is_listed_read_and_deleted(ready: Desk) -> None:
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, b"\x01\x02")
    assert ready.wait(5_000) == '+CMTI: "SM",1'
    _, heading, pdu, _ = ("|" + ready.ask("AT+CMGL=4,1")).split("|")
    assert heading == f'+CMGL: 1,0,"",{len(pdu) // 2 - 1 - int(pdu[:2], 16)}'
    message = decode_deliver(bytes.fromhex(pdu))
    assert (message.sender, message.data) == (SERVICE, b"\x01\x02")
    assert message.time == pytest.approx(ready.world.unix_time, abs=30)
    assert ready.ask("AT+CMGR=1").startswith('+CMGR: 0,"",')
    assert ready.ask("AT+CMGR=1").startswith('+CMGR: 1,"",'), "read now"
    assert ready.ask("AT+CPMS?") == '+CPMS: "SM",1,30,"SM",1,30,"SM",1,30|OK'
    assert ready.ask("AT+CMGD=1") == "OK"
    assert ready.ask("AT+CMGR=1") == "OK"
    assert ready.ask("AT+CMGR=31") == "+CMS ERROR: 321"


def test_messages_survive_the_modems_power(ready: Desk) -> None:
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, b"kept")
    ready.world.run_for(5_000)
    ready.modem.cut_power()
    ready.start()
    assert ready.ask("AT+CMGL=4").startswith("+CMGL: 1,0")


def test_a_message_may_go_to_the_port_directly(ready: Desk) -> None:
    assert ready.ask("AT+CNMI=2,2") == "OK"
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, "direct")
    heading, pdu = ready.wait(5_000).split("|")
    assert heading.startswith("+CMT: ,")
    assert decode_deliver(bytes.fromhex(pdu)).text == "direct"
    assert ready.modem.sim
    assert ready.modem.sim.places == {}


def test_a_full_inbox_takes_nothing_until_there_is_room(ready: Desk) -> None:
    smsc = ready.world.phone.smsc
    smsc.faults.inbox_capacity = 2
    for number in range(4):
        smsc.send(SERVICE, ready.modem.number, bytes([number]))
        ready.world.run_for(5_000)
    assert ready.ask("AT+CPMS?").startswith('+CPMS: "SM",2,2')
    assert smsc.waiting(ready.modem.number) == 2
    assert ready.ask("AT+CMGD=1", 100) == "OK"
    assert ready.wait(5_000) == '+CMTI: "SM",1'
    assert smsc.waiting(ready.modem.number) == 1


def test_nothing_is_sent_before_sms_ready_or_without_service(desk: Desk) -> None:
    desk.start(registered=False)
    desk.world.run_for(2_000)
    assert desk.ask("AT+CMGS=20", 100) == "+CMS ERROR: 515"
    assert desk.world.run_until(lambda: desk.modem.sms.ready)
    desk.world.phone.cells.covered = False
    assert desk.send_sms() == "+CMS ERROR: 331"


def test_refusals_and_giving_up(ready: Desk, got: Got) -> None:
    ready.world.phone.smsc.faults.refuse_cms = 38
    assert ready.send_sms() == "+CMS ERROR: 38"
    assert ready.type(b"AT+CMGS=20\r") == b"\r\n> "
    assert lines(ready.type(b"00\x1b")) == "OK"
    assert ready.ask("AT+CMGS=") == "+CMS ERROR: 304"
    assert got == []


def test_text_mode(ready: Desk, got: Got) -> None:
    assert ready.ask("AT+CMGF=1") == "OK"
    ready.type(f'AT+CMGS="{SERVICE}"\r'.encode())
    assert lines(ready.type(b"plain\x1a", 5_000)) == "+CMGS: 1|OK"
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, "back")
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, b"\xca\xfe")
    ready.world.run_for(5_000)
    assert got == [(ready.modem.number, b"plain")]
    listed = ready.ask('AT+CMGL="ALL"')
    assert f'"REC UNREAD","{SERVICE}","","26/09/21,' in listed
    assert "|back|" in listed
    assert "|CAFE|" in listed
    assert ready.ask('AT+CMGDA="DEL ALL"') == "OK"
    assert ready.ask('AT+CMGL="ALL"') == "OK"


def test_a_pdu_that_is_none_is_shown_as_it_is() -> None:
    assert heading_and_text(b"\x00\x07", "GSM") == ('"","",""', "0007")


def test_a_power_cut_while_a_message_goes_out(ready: Desk, got: Got) -> None:
    pdu, length = encode_submit(SERVICE, b"x")[0]
    ready.type(f"AT+CMGS={length}\r".encode())
    ready.type(pdu.hex().encode() + b"\x1a")
    ready.modem.cut_power()
    ready.world.run_for(30_000)
    assert got == []


CHINESE = "扫描一次"
IN_UCS_2 = CHINESE.encode("utf-16-be").hex().upper()
SERVICE_IN_UCS_2 = SERVICE.encode("utf-16-be").hex().upper()


def send_text(desk: Desk, typed: bytes, to: str = SERVICE) -> str:
    desk.type(f'AT+CMGS="{to}"\r'.encode())
    return lines(desk.type(typed + b"\x1a", 6_000))


@pytest.mark.parametrize(
    ("character_set", "typed", "text"),
    [
        ("IRA", b"plain", "plain"),
        ("GSM", b"5\x02 \x11\x00\x1e", "5$ _@ß"),  # septets as they are
        ("8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("PCCP", b"Gr\x81\xe1e", "Grüße"),  # code page 437
        ("HEX", b"47727E1E65", "Grüße"),  # each septet's place in two digits
    ],
)
def test_text_is_typed_and_shown_in_the_chosen_character_set(
    ready: Desk, got: Got, character_set: str, typed: bytes, text: str
) -> None:
    assert ready.ask(f'AT+CMGF=1;+CSCS="{character_set}"') == "OK"
    assert ready.ask("AT+CSCS?") == f'+CSCS: "{character_set}"|OK', "with its quotes"
    assert send_text(ready, typed) == "+CMGS: 1|OK"
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, text)
    ready.world.run_for(5_000)
    assert got == [(ready.modem.number, text.encode())]
    assert ready.type(b"AT+CMGR=1\r").split(b"\r\n")[2] == typed


def test_chinese_needs_the_character_set_and_the_coding(ready: Desk, got: Got) -> None:
    assert ready.ask('AT+CMGF=1;+CSCS="UCS2"') == "OK"
    assert send_text(ready, IN_UCS_2.encode(), SERVICE_IN_UCS_2) == "+CMS ERROR: 305", "the 7-bit alphabet has none"
    assert ready.ask("AT+CSMP=17,167,0,8") == "OK"
    assert ready.ask("AT+CSMP?") == "+CSMP: 17,167,0,8|OK"
    assert send_text(ready, IN_UCS_2.encode(), SERVICE_IN_UCS_2).endswith("OK")
    assert send_text(ready, IN_UCS_2.encode(), SERVICE).startswith("+CMS ERROR"), "numbers are strings, too"
    assert ready.ask('AT+CSCS="GSM"') == "OK"
    assert send_text(ready, IN_UCS_2.encode()).endswith("OK"), "octets are digits in any character set"
    ready.world.run_for(5_000)
    assert got == [(ready.modem.number, CHINESE.encode())] * 2


def test_octets_are_sent_as_digits(ready: Desk, got: Got) -> None:
    assert ready.ask("AT+CMGF=1;+CSMP=17,167,0,4") == "OK"
    assert send_text(ready, b"00CAFE").endswith("OK")
    assert send_text(ready, b"no digits").startswith("+CMS ERROR")
    ready.world.run_for(5_000)
    assert got == [(ready.modem.number, b"\x00\xca\xfe")]


def test_an_unknown_character_set_is_refused(ready: Desk) -> None:
    assert ready.ask('AT+CSCS="UTF-8"') == "+CME ERROR: 3"
    assert ready.ask("AT+CSCS?") == '+CSCS: "IRA"|OK'


@pytest.mark.parametrize("character_set", ["IRA", "GSM"])
def test_what_came_in_ucs_2_is_shown_in_digits(ready: Desk, character_set: str) -> None:
    assert ready.ask(f'AT+CMGF=1;+CSCS="{character_set}"') == "OK"
    ready.world.phone.smsc.send(SERVICE, ready.modem.number, CHINESE)
    ready.world.run_for(5_000)
    assert f"|{IN_UCS_2}|OK" in ready.ask("AT+CMGR=1")


def test_text_mode_reports_delivery_in_words(ready: Desk, got: Got) -> None:
    assert ready.ask("AT+CMGF=1;+CNMI=2,1,0,1,0;+CSMP=49,167,0,0") == "OK"
    sent = send_text(ready, b"hello") + ready.wait(10_000)
    stamp = r'"26/09/2\d,\d\d:\d\d:\d\d\+00"'
    assert re.fullmatch(rf'\+CMGS: 1\|OK\|\+CDS: 6,1,"{re.escape(SERVICE)}",145,{stamp},{stamp},0', sent)


@pytest.mark.parametrize(("quarters", "shown"), [(32, "+32"), (-20, "-20"), (0, "+00")])
def test_a_time_zone_may_lie_west(quarters: int, shown: str) -> None:
    pdu = encode_deliver(SERVICE, b"x", 1_795_400_000)
    stamp = semi_octets(1_795_400_000)
    assert stamp in pdu
    heading, _ = heading_and_text(pdu.replace(stamp, semi_octets(1_795_400_000, quarters)), "IRA")
    assert heading.endswith(f'{shown}"')


def test_the_message_service(ready: Desk) -> None:
    assert ready.ask("AT+CSMS=?;+CSMS?") == "+CSMS: (0,1)|+CSMS: 0,1,1,1|OK"
    assert ready.ask("AT+CSMS=1;+CSMS?") == "+CSMS: 1,1,1|+CSMS: 1,1,1,1|OK"
    assert ready.ask("AT+CSMS=2") == "+CME ERROR: 3"
