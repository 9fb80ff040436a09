"""The SMS centre: what it promises, and every way in which it keeps its promise badly."""

import pytest

from emulator.phone import PhoneNetwork
from emulator.phone.smsc import VALIDITY_S, SmsRefused
from emulator.world import World

from .conftest import SERVICE, Handset


def test_from_phone_to_phone_content_is_untouched(world: World, network: PhoneNetwork, handset: Handset) -> None:
    other = Handset(network, "+8613900000002")
    network.register(other)
    handset.send(other.number, bytes(range(256)))
    world.run_for(30_000)
    assert other.contents == [bytes(range(256))]
    assert [message.sender for message in other.messages] == [handset.number] * 2
    assert other.messages[0].time == pytest.approx(world.unix_time, abs=31)


def test_it_takes_as_long_as_it_is_told(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.delay_s = (30, 40)
    network.smsc.send(SERVICE, handset.number, b"x")
    world.run_for(29_900)
    assert handset.messages == []
    world.run_for(10_200)
    assert handset.contents == [b"x"]


def test_a_part_is_lost_for_ever(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.loss = 0.2
    for number in range(200):
        network.smsc.send(SERVICE, handset.number, bytes([number]))
    world.run_for(60_000)
    assert len(handset.messages) + len(network.smsc.lost) == 200
    assert 20 < len(network.smsc.lost) < 60


def test_some_come_twice(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.duplication = 0.5
    for number in range(100):
        network.smsc.send(SERVICE, handset.number, bytes([number]))
    world.run_for(60_000)
    assert set(handset.contents) == {bytes([number]) for number in range(100)}
    assert 125 < len(handset.messages) < 175


def test_some_overtake_others(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.delay_s = (1, 1)
    for reorder, in_order in ((0.0, True), (0.3, False)):
        network.smsc.faults.reorder = reorder
        handset.messages.clear()
        for number in range(30):
            network.smsc.send(SERVICE, handset.number, bytes([number]))
            world.run_for(500)
        world.run_for(200_000)
        assert (handset.contents == sorted(handset.contents)) is in_order
        assert len(handset.messages) == 30


def test_the_same_seed_loses_the_same(handset: Handset) -> None:
    runs = []
    for _ in range(2):
        with World(seed=9) as world:
            phone = Handset(world.phone, "+1")
            world.phone.register(phone)
            world.phone.smsc.faults.loss = world.phone.smsc.faults.reorder = 0.5
            for number in range(40):
                world.phone.smsc.send(SERVICE, phone.number, bytes([number]))
            world.run_for(200_000)
            runs.append(phone.contents)
    assert runs[0] == runs[1]


def test_messages_wait_for_a_phone_that_is_away(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.leave(handset)
    network.smsc.send(SERVICE, handset.number, b"patient")
    world.run_for(3_600_000)
    assert network.smsc.waiting(handset.number) == 1
    network.register(handset)
    world.run_for(10_000)
    assert handset.contents == [b"patient"]


def test_but_not_for_ever(world: World, network: PhoneNetwork, handset: Handset) -> None:
    handset.send("+8613900000077", b"never there", report=True)
    world.run_for(VALIDITY_S * 1000 + 60_000)
    late = Handset(network, "+8613900000077")
    network.register(late)
    world.run_for(20_000)
    assert late.messages == []
    assert [(report.delivered, report.temporary) for report in handset.reports] == [(False, False)]


def test_a_full_inbox(world: World, network: PhoneNetwork, handset: Handset) -> None:
    handset.room = 1
    network.smsc.send(SERVICE, handset.number, b"1")
    network.smsc.send(SERVICE, handset.number, b"2")
    world.run_for(30_000)
    assert (len(handset.messages), network.smsc.waiting(handset.number)) == (1, 1)
    handset.room = 2
    network.smsc.reachable(handset.number)
    world.run_for(30_000)
    assert set(handset.contents) == {b"1", b"2"}


def test_a_delivery_report_names_the_senders_own_reference(
    world: World, network: PhoneNetwork, handset: Handset
) -> None:
    got: list[tuple[str, bytes]] = []
    network.smsc.application(SERVICE, lambda sender, content: got.append((sender, content)))
    handset.send(SERVICE, b"a")
    handset.send(SERVICE, b"b", report=True)
    world.run_for(30_000)
    assert sorted(got) == [(handset.number, b"a"), (handset.number, b"b")]
    assert [(report.reference, report.number, report.delivered) for report in handset.reports] == [(2, SERVICE, True)]


def test_a_lost_message_is_never_reported(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.loss = 1.0
    handset.send(SERVICE, b"gone", report=True)
    world.run_for(600_000)
    assert handset.reports == []


def test_applications_get_text_and_joined_data(world: World, network: PhoneNetwork, handset: Handset) -> None:
    got: list[bytes] = []
    network.smsc.application(SERVICE, lambda sender, content: got.append(content))
    network.smsc.faults.reorder = 1.0
    handset.send(SERVICE, bytes(500))
    network.smsc.send(handset.number, SERVICE, "三次")
    world.run_for(300_000)
    assert sorted(got) == [bytes(500), "三次".encode()]


def test_refusal(network: PhoneNetwork, handset: Handset) -> None:
    network.smsc.faults.refuse_cms = 38
    with pytest.raises(SmsRefused, match="38"):
        handset.send(SERVICE, b"x")
    assert not network.smsc.submitted
