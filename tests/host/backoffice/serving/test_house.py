"""Who gives way when the house is full."""

from protocol import uplink

from backoffice.serving.house import HONOURED_CONNECTIONS, HONOURED_FOR_S, Guest, House
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.serving.conftest import Office

CARRIER, HONEST = "192.0.2.1", "192.0.2.2"


class Gone(list[str]):
    """Names of those who were sent away, in order."""

    def guest(self, client: str, name: str, *, may_go: bool = True) -> Guest:
        return Guest(client, lambda: may_go, lambda: self.append(name))


def full(gone: Gone) -> House:
    """Six from a carrier's address, and pairs from three others."""
    house = House(12)
    for number in range(6):
        assert house.take_in(gone.guest(CARRIER, f"machine {number}"))
    for number in range(6):
        assert house.take_in(gone.guest(f"198.51.100.{number // 2}", f"stranger {number}"))
    return house


def test_whoever_has_most_gives_up_the_oldest() -> None:
    gone = Gone()
    assert full(gone).take_in(gone.guest(HONEST, "newcomer"))
    assert gone == ["machine 0"]


def test_where_something_genuine_came_from_is_the_last_to_give_way() -> None:
    gone = Gone()
    house = full(gone)
    house.honour(CARRIER)
    for number in range(6):
        assert house.take_in(gone.guest(HONEST, f"newcomer {number}"))
    assert not [name for name in gone if name.startswith("machine")]


def test_the_honour_is_an_allowance_not_a_factor() -> None:
    """Whoever shares the carrier's address with one machine gives way before a clinic that has fewer."""
    gone, crowd, clinic = Gone(), HONOURED_CONNECTIONS + 50, 40
    house = House(crowd + clinic)
    for number in range(crowd):
        house.take_in(gone.guest(CARRIER, f"crowd {number}"))
    for number in range(clinic):
        house.take_in(gone.guest("198.51.100.1", f"clinic {number}"))
    house.honour(CARRIER)
    assert house.take_in(gone.guest(HONEST, "newcomer"))
    assert gone == ["crowd 0"]


def test_the_honour_ends() -> None:
    gone, now_s = Gone(), [0.0]
    house = House(3, lambda: now_s[0])
    for number in range(2):
        house.take_in(gone.guest(CARRIER, f"machine {number}"))
    house.take_in(gone.guest("198.51.100.1", "stranger"))
    house.honour(CARRIER)
    now_s[0] = HONOURED_FOR_S + 1
    assert house.take_in(gone.guest(HONEST, "newcomer"))
    assert gone == ["machine 0"]


def test_when_all_of_the_first_are_busy_the_next_gives_way() -> None:
    gone, house = Gone(), House(3)
    for number in range(2):
        house.take_in(gone.guest(CARRIER, f"busy {number}", may_go=False))
    house.take_in(gone.guest(HONEST, "idle"))
    assert house.take_in(gone.guest(HONEST, "newcomer"))
    assert gone == ["idle"]
    assert not House(0).take_in(gone.guest(HONEST, "nobody"))


def test_a_report_that_brings_something_new_is_what_honours(office: Office) -> None:
    machine = add_machine(office.context, Machine(), add_institution(office.context))
    machine.exam(500)
    message = machine.report()
    for source in ("127.0.0.5", "127.0.0.6"):  # the second one only overheard it
        with office.wire(source) as wire:
            wire.ask("/api/v1/uplink", method="POST", body=message, content_type="application/cose")
            assert uplink.open_ack(machine.key, message, wire.answer().body).ack_seq == 4
    assert list(office.server.house._honoured_until_s) == ["127.0.0.5"]
