"""Cells and the packet network from the phone's side."""

from emulator.phone import PhoneNetwork
from emulator.phone.cells import Registration
from emulator.world import World

from .conftest import Handset


def test_an_outage_begins_and_ends(world: World, network: PhoneNetwork, handset: Handset) -> None:
    network.cells.watch(handset)
    network.cells.watch(handset)
    network.cells.outage(1_000, 2_000)
    seen = []
    for _ in range(3):
        world.run_for(900)
        seen.append(network.cells.registration)
    assert seen == [Registration.HOME, Registration.SEARCHING, Registration.HOME]
    assert handset.changes == 2
    network.cells.unwatch(handset)
    network.cells.registration = Registration.DENIED
    assert handset.changes == 2


def test_contexts_are_taken_away_once(network: PhoneNetwork, handset: Handset) -> None:
    assert network.gprs.attach(handset)
    assert network.gprs.attach(handset)
    network.gprs.deact()
    network.gprs.deact()
    assert handset.contexts_lost == 1
    network.gprs.faults.refuse_attach = True
    assert not network.gprs.attach(handset)


def test_the_time_it_tells(world: World, network: PhoneNetwork) -> None:
    assert network.cells.network_time() == world.unix_time
    network.cells.time, network.cells.time_error_s = "wrong", -3_600
    assert network.cells.network_time() == world.unix_time - 3_600
    network.cells.time = "none"
    assert network.cells.network_time() is None


def test_whoever_is_away_cannot_be_reached(network: PhoneNetwork, handset: Handset) -> None:
    assert network.subscriber(handset.number) is handset
    other = Handset(network, handset.number)
    network.leave(other)
    assert network.subscriber(handset.number) is handset, "the SIM was moved to another phone: that one counts"
    network.leave(handset)
    assert network.subscriber(handset.number) is None
