"""SMS in PDU mode: sending, refusals, delivery state, receiving in parts, the SIM's places."""

import pytest
from gsm.network_pdu import encode_deliver, encode_deliver_parts

from emulator.sim800.sim import Sim
from tests.host.drivers.modem_bench import NUMBER, OFFICE, ModemBench

MINUTE_MS = 60_000


class Office:
    """What arrives at the other number."""

    def __init__(self, modem: ModemBench) -> None:
        self.received: list[tuple[str, bytes]] = []
        modem.phone.smsc.application(OFFICE, lambda sender, data: self.received.append((sender, data)))


def send(modem: ModemBench, data: bytes) -> int:
    reference: int = modem.call("send_sms", number=OFFICE, data=data.hex())
    return reference


def receive(modem: ModemBench) -> tuple[str, bytes] | None:
    message = modem.call("receive_sms")
    return (message[0], bytes.fromhex(message[1])) if message else None


@pytest.mark.parametrize("length", [0, 1, 140, 141, 268, 536])
def test_data_of_any_length_arrives_as_it_was(modem: ModemBench, length: int) -> None:
    office = Office(modem.ready())
    data = bytes(place % 256 for place in range(length))
    send(modem, data)
    modem.world.run_for(MINUTE_MS)
    assert office.received == [(NUMBER, data)]


def test_delivery_state(modem: ModemBench) -> None:
    Office(modem.ready())
    reference = send(modem, b"report")
    modem.world.run_for(MINUTE_MS)
    assert None in modem.call("sms_told")
    assert receive(modem) is None
    assert modem.call("sms_told") == [[reference, True, False]]


@pytest.mark.parametrize("cms", [38, 42, 500])
def test_a_refusal_has_its_number(modem: ModemBench, cms: int) -> None:
    modem.ready()
    modem.phone.smsc.faults.refuse_cms = cms
    assert modem.error("send_sms", number=OFFICE, data="00") == "SmsRefused"
    modem.phone.smsc.faults.refuse_cms = None
    assert send(modem, b"again") > 0


@pytest.mark.parametrize(("number", "length"), [("no number", 1), ("", 1), (OFFICE, 537)])
def test_what_is_no_message_is_refused_before_the_modem_hears_of_it(
    modem: ModemBench, number: str, length: int
) -> None:
    modem.ready()
    mark = modem.mark
    assert modem.error("send_sms", number=number, data="00" * length) == "SmsRefused"
    assert modem.said(mark) == []


def test_a_missing_prompt_is_asked_for_again(modem: ModemBench) -> None:
    """Nothing was sent yet, so nothing is sent twice."""
    office = Office(modem.ready())
    modem.modem.faults.missing_prompts = 1
    send(modem, b"once")
    modem.world.run_for(MINUTE_MS)
    assert office.received == [(NUMBER, b"once")]


def test_two_missing_prompts_are_an_error(modem: ModemBench) -> None:
    office = Office(modem.ready())
    modem.modem.faults.missing_prompts = 2
    assert modem.error("send_sms", number=OFFICE, data="00") == "ModemSilent"
    send(modem, b"later")
    modem.world.run_for(MINUTE_MS)
    assert office.received == [(NUMBER, b"later")]


def test_a_message_for_us(modem: ModemBench) -> None:
    modem.ready()
    modem.call("sms_told")
    modem.phone.smsc.send(OFFICE, NUMBER, b"\x00\x01ack")
    modem.world.run_for(MINUTE_MS)
    assert modem.call("sms_told") == [None]
    assert receive(modem) == (OFFICE, b"\x00\x01ack")
    assert receive(modem) is None
    assert places(modem) == {}


def test_a_message_leaves_the_sim_only_after_it_was_handed_over(modem: ModemBench) -> None:
    """A power cut in between gives it again."""
    modem.ready()
    modem.phone.smsc.send(OFFICE, NUMBER, b"precious" * 40)
    modem.world.run_for(MINUTE_MS)
    assert receive(modem) == (OFFICE, b"precious" * 40)
    modem.board.power_off()
    modem.board.power_on()
    modem.world.run_for(400)
    modem.ready()
    assert receive(modem) == (OFFICE, b"precious" * 40)
    assert receive(modem) is None
    assert places(modem) == {}


def test_messages_that_came_while_we_were_off(modem: ModemBench) -> None:
    modem.ready()
    modem.call("stop")
    for number in range(3):
        modem.phone.smsc.send(OFFICE, NUMBER, bytes([number]))
    modem.world.run_for(MINUTE_MS)
    modem.call("start")
    modem.world.run_for(MINUTE_MS)
    assert None in modem.call("sms_told")
    assert sorted(message[1] for message in iter(lambda: receive(modem), None)) == [b"\0", b"\1", b"\2"]


def test_parts_in_any_order_with_others_between(modem: ModemBench) -> None:
    modem.ready()
    first = encode_deliver_parts(OFFICE, b"a" * 300, modem.world.unix_time, 1)
    second = encode_deliver_parts(OFFICE, b"b" * 200, modem.world.unix_time, 2)
    for pdu in (first[2], second[1], first[0], first[0], second[0]):
        store(modem, pdu)
    assert receive(modem) == (OFFICE, b"b" * 200)
    assert receive(modem) is None
    store(modem, first[1])
    assert receive(modem) == (OFFICE, b"a" * 300)
    assert receive(modem) is None
    assert places(modem) == {}


def test_words_for_people_and_broken_messages_are_removed(modem: ModemBench) -> None:
    modem.ready()
    store(modem, encode_deliver("10086", "您的余额为 12 元", modem.world.unix_time))
    store(modem, encode_deliver("Bank", "Your code is 1234", modem.world.unix_time))
    store(modem, bytes.fromhex("07911326040000F0040B911346610089F60000208062917314080C"))
    store(modem, encode_deliver(OFFICE, b"data", modem.world.unix_time))
    assert receive(modem) == (OFFICE, b"data")
    assert receive(modem) is None
    assert places(modem) == {}


def test_a_message_that_was_read_with_noise_is_kept(modem: ModemBench) -> None:
    modem.ready()
    for number in range(4):
        store(modem, encode_deliver(OFFICE, bytes([number]) * 100, modem.world.unix_time))
    modem.modem.faults.garbage = 0.3
    got = []
    for _ in range(20):
        message = modem.outcome("receive_sms")
        if isinstance(message, list):
            got.append(bytes.fromhex(message[1]))
    modem.modem.faults.garbage = 0.0
    modem.call("start")
    while message := receive(modem):
        got.append(message[1])
    assert {bytes([number]) * 100 for number in range(4)} <= set(got)


def test_half_messages_never_fill_the_sim() -> None:
    modem = ModemBench(sim=Sim(NUMBER, capacity=6))
    try:
        modem.ready()
        for reference in range(8):
            store(modem, encode_deliver(OFFICE, b"half", modem.world.unix_time, reference, 1, 2))
            assert receive(modem) is None
            assert len(places(modem)) <= 5
        modem.phone.smsc.send(OFFICE, NUMBER, b"room")
        modem.world.run_for(MINUTE_MS)
        assert receive(modem) == (OFFICE, b"room")
    finally:
        modem.close()


def test_a_full_sim_is_emptied_and_the_rest_follows() -> None:
    modem = ModemBench(sim=Sim(NUMBER, capacity=3))
    try:
        modem.ready()
        for number in range(8):
            modem.phone.smsc.send(OFFICE, NUMBER, bytes([number]))
        got = []
        for _ in range(12):
            modem.world.run_for(MINUTE_MS)
            while message := receive(modem):
                got.append(message[1])
        assert sorted(got) == [bytes([number]) for number in range(8)]
    finally:
        modem.close()


def test_while_data_flows(modem: ModemBench) -> None:
    """An SMS is announced in the middle of a connection, and read beside it."""
    modem.online()
    modem.call("sms_told")
    modem.phone.smsc.send(OFFICE, NUMBER, b"beside")
    assert modem.call("send_pattern", count=2000) == 2000
    modem.world.run_for(MINUTE_MS // 2)
    assert modem.call("sms_told") == [None]
    assert receive(modem) == (OFFICE, b"beside")
    assert modem.call("read_pattern", count=2000) == [2000, 0, "all"]


def test_urcs_between_everything(modem: ModemBench) -> None:
    office = Office(modem.ready())
    modem.modem.faults.urc_between_lines = 0.8
    send(modem, b"x" * 200)
    modem.phone.smsc.send(OFFICE, NUMBER, b"y" * 200)
    modem.world.run_for(MINUTE_MS)
    assert office.received == [(NUMBER, b"x" * 200)]
    assert receive(modem) == (OFFICE, b"y" * 200)


def store(modem: ModemBench, pdu: bytes) -> None:
    """Straight onto the SIM, as a delivery ends."""
    assert modem.modem.deliver(pdu)


def places(modem: ModemBench) -> dict[int, object]:
    assert modem.modem.sim is not None
    return dict(modem.modem.sim.places)
