"""Store and forward: every entry arrives, once, whatever happens on the way; commands are obeyed, once."""

from collections.abc import Iterator

import pytest
from protocol import journal, results, uplink

from emulator.device import Board
from emulator.errors import HostError
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import await_service
from emulator.world import World
from tests.host.firmware.back_office import SERVER_TIME, BackOffice, serving


@pytest.fixture
def office(authority: TestAuthority) -> BackOffice:
    return BackOffice(authority.machine_key())


@pytest.fixture
def online(world: World, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> Iterator[Board]:
    """A machine with a batch and a network."""
    with serving(office) as port:
        settings: dict[str, object] = {"server_host": "127.0.0.1", "server_port": port, "report_s": 60}
        machine = swipe_machine(world, authority, settings=settings)
        machine.network.up = True
        tap(machine, authority.batch_card(order))
        yield machine


def exam(machine: Board, authority: TestAuthority, order: BatchOrder, credit: int) -> str:
    reason = str(tap(machine, authority.one_time_card(order, credit))["reason"])
    if reason == "granted":
        machine.host.call("swipe.end")
    return reason


def all_reported(machine: Board, office: BackOffice, timeout_ms: int = 120_000) -> bool:
    machine.world.run_for(3000)
    seq = machine.host.call("status")["journal"]["seq"]
    return machine.world.run_until(lambda: seq in office.entries, timeout_ms)


def screens(machine: Board) -> list[list[str]]:
    """What was shown since it was asked last."""
    machine.world.run_for(500)
    return [message["params"]["lines"] for message in machine.host.take_notifications("screen")]


def test_every_entry_arrives(online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> None:
    for credit in range(1000, 1005):
        assert exam(online, authority, order, credit) == "granted"
    assert exam(online, authority, order, 1000) == "used"
    assert all_reported(online, office)
    assert sorted(office.entries) == list(range(1, max(office.entries) + 1))
    assert [entry.credit for entry in office.of(journal.DEBIT)] == [1000, 1001, 1002, 1003, 1004]
    assert len(office.of(journal.ENDED)) == 5
    assert len(office.of(journal.REFUSED)) == 1
    online.world.run_for(1000)
    status = online.host.call("status")
    assert status["journal"]["pending"] == 0
    assert status["uplink"]["last_ack_time"] == SERVER_TIME
    assert office.health[uplink.HEALTH_FIRMWARE] == "0.1.0"
    assert online.host.take_notifications("uplink")


def test_clock_becomes_trusted(online: Board, office: BackOffice) -> None:
    assert all_reported(online, office)
    online.world.run_for(1000)
    clock = online.host.call("status")["clock"]
    assert clock["quality"] == "trusted"
    assert SERVER_TIME <= clock["time"] < SERVER_TIME + 200
    assert office.of(journal.CLOCK)


def test_no_network_for_a_while(online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> None:
    assert all_reported(online, office)
    online.network.up = False
    for credit in range(1000, 1040):
        assert exam(online, authority, order, credit) == "granted"
    online.world.run_for(60_000)
    assert office.of(journal.DEBIT) == []
    online.power_off()
    online.power_on()
    await_service(online)
    online.network.up = True
    assert all_reported(online, office, 2_000_000)
    assert len(office.of(journal.DEBIT)) == 40


def test_answers_that_get_lost_or_broken(
    online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice
) -> None:
    office.lost_answers, office.broken_answers = 1, 1
    exam(online, authority, order, 1000)
    assert all_reported(online, office)
    assert online.world.run_until(lambda: online.host.call("status")["journal"]["pending"] == 0, 200_000)
    assert len(office.of(journal.DEBIT)) == 1


def test_now(online: Board, office: BackOffice) -> None:
    assert all_reported(online, office)
    online.world.run_for(2000)
    before = office.reports
    assert online.host.call("uplink.now") == {"queued": True}
    online.world.run_for(2000)
    assert office.reports > before


class TestCommands:
    def obey(self, machine: Board, office: BackOffice, kind: int, args: list[object], number: int = 1) -> int:
        """Result as the machine journalled it."""
        office.commands.append(uplink.Command(number, kind, args))
        machine.host.call("uplink.now")

        def done() -> list[journal.Entry]:
            return [e for e in office.of(journal.COMMAND) if int.from_bytes(e.detail[:4], "big") == number]

        assert machine.world.run_until(lambda: bool(done()), 200_000)
        machine.world.run_for(2000)
        assert len(done()) == 1
        assert done()[0].detail[4] == kind
        return done()[0].detail[5]

    def test_lock_and_unlock(
        self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice
    ) -> None:
        assert self.obey(online, office, uplink.LOCK, ["unpaid"], 7) == results.BAD_SIGNATURE
        assert self.obey(online, office, uplink.LOCK, authority.order(uplink.LOCK, 50, "unpaid")) == 0
        assert exam(online, authority, order, 1000) == "locked"
        online.power_off()
        online.power_on()
        await_service(online)
        assert exam(online, authority, order, 1000) == "locked"
        assert self.obey(online, office, uplink.UNLOCK, authority.order(uplink.UNLOCK, 50), 8) == results.STALE
        assert self.obey(online, office, uplink.UNLOCK, authority.order(uplink.UNLOCK, 51), 2) == 0
        assert exam(online, authority, order, 1000) == "granted"

    def test_a_locked_machine_says_why(
        self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice
    ) -> None:
        """The authority's own words, as soon as it is locked and after the power came back; nobody has to tap first."""
        words = ["Locked", "Not paid. Call", "400 800 12", ""]
        lock = authority.order(uplink.LOCK, 50, "Not paid. Call 400 800 12")
        assert self.obey(online, office, uplink.LOCK, lock) == 0
        assert screens(online)[-1] == words
        assert exam(online, authority, order, 1000) == "locked"
        assert screens(online)[-1] == words
        card = authority.one_time_card(order, 1001)
        online.world.at(500, lambda: online.field.enter(card))
        with pytest.raises(HostError, match="Call 400 800 12"):  # the PC beside it says the same
            online.host.call("swipe.debit", timeout_ms=10_000)
        online.field.leave(card)
        assert online.host.call("status")["lock_text"] == "Not paid. Call 400 800 12"
        online.power_off()
        online.power_on()
        await_service(online)
        online.world.run_for(1000)
        assert screens(online)[-1] == words
        assert self.obey(online, office, uplink.LOCK, authority.order(uplink.LOCK, 51), 2) == 0
        assert screens(online)[-1] == ["Locked", "This machine is", "locked", "Call support"]
        assert self.obey(online, office, uplink.UNLOCK, authority.order(uplink.UNLOCK, 52, "unseen"), 3) == 0
        assert screens(online)[-1][0] == "Ready"

    def test_revoke(self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> None:
        assert self.obey(online, office, uplink.REVOKE_CREDIT, [7, 1000]) == 0
        assert exam(online, authority, order, 1000) == "revoked"
        assert exam(online, authority, order, 1001) == "granted"
        assert self.obey(online, office, uplink.REVOKE_BATCH, [7], 2) == 0
        assert exam(online, authority, order, 1002) == "revoked"

    def test_refund(self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> None:
        assert exam(online, authority, order, 1000) == "granted"
        assert self.obey(online, office, uplink.REFUND_CREDIT, [7, 1000]) != 0
        assert self.obey(online, office, uplink.REFUND_CREDIT, [7, 1001], 2) == 0
        assert [entry.credit for entry in office.of(journal.ABANDONED)] == [1001]
        assert exam(online, authority, order, 1001) == "used"

    def test_settings(self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice) -> None:
        assert self.obey(online, office, uplink.SETTINGS, [{"exam_s": 5, "language": "zh", "unknown": 1}]) == 0
        assert tap(online, authority.one_time_card(order, 1000))["reason"] == "granted"
        online.world.run_for(8000)
        assert not online.relay
        assert self.obey(online, office, uplink.SETTINGS, [{"exam_s": "long"}], 2) != 0

    @pytest.mark.parametrize(
        "setting", [{"report_s": 0}, {"report_s": 600_000}, {"exam_s": 0}, {"exam_s": 10**9}, {"server_port": 70_000}]
    )
    def test_absurd_settings(self, online: Board, office: BackOffice, setting: dict[str, int]) -> None:
        """Pauses longer than the ticks can count would stop the machine for ever, those of nothing make it knock."""
        assert self.obey(online, office, uplink.SETTINGS, [setting]) != 0
        online.world.run_for(5000)
        assert online.starts == 1
        assert office.reports < 12

    def test_refund_when_the_power_goes(
        self, online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice
    ) -> None:
        """The order comes again after any cut, and its answer must be the truth: the credit never paid here."""
        assert all_reported(online, office)
        online.world.run_for(8000)
        for number in range(1, 5):
            office.commands = [uplink.Command(number, uplink.REFUND_CREDIT, [7, 1000 + number])]
            online.flash.cut_at(number)
            online.host.call("uplink.now")
            online.world.run_until(lambda: not online.powered, 5_000)
            online.flash.cut_at(None)
            online.power_off()
            online.power_on()
            await_service(online)
            online.network.up = True
            assert self.obey(online, office, uplink.REFUND_CREDIT, [7, 1000 + number], number) == 0
            office.commands = []

    def test_unknown_one_with_entries_that_are_not_taken(self, online: Board, office: BackOffice) -> None:
        """A newer back office has an order for us that we do not know, and cannot take what we report."""
        assert all_reported(online, office)
        online.world.run_for(2000)
        office.commands = [uplink.Command(99, 200, [])]
        office.ack_seq = 1
        before = office.reports
        online.power_off()
        online.power_on()
        await_service(online)
        online.network.up = True
        online.world.run_for(20_000)
        assert 0 < office.reports - before < 6

    def test_time(self, online: Board, office: BackOffice) -> None:
        assert self.obey(online, office, uplink.SET_TIME, [SERVER_TIME + 500]) == 0

    @pytest.mark.parametrize("args", [[], [1, 2, 3], ["x", "y"], [-1, 5], [2**33]])
    def test_absurd_arguments(self, online: Board, office: BackOffice, args: list[object]) -> None:
        assert self.obey(online, office, uplink.REFUND_CREDIT, args) != 0

    def test_expired_batch(self, online: Board, authority: TestAuthority, office: BackOffice) -> None:
        """Expiry needs a clock, and the acknowledgement brought one."""
        assert all_reported(online, office)
        online.world.run_for(2000)
        old = authority.batch(batch_id=9, first_credit=9000, expires=SERVER_TIME - 1)
        assert tap(online, authority.batch_card(old))["reason"] == "expired"


def test_flash_set_back(
    online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice, world: World
) -> None:
    """The back office knows more than this flash: nothing is granted any more."""
    assert all_reported(online, office)
    world.run_for(5000)
    online.power_off()
    old_image = online.flash.image()
    online.power_on()
    await_service(online)
    assert exam(online, authority, order, 1000) == "granted"
    assert all_reported(online, office)
    online.power_off()
    office.ack_seq = max(office.entries)
    office.entries.clear()
    restored = world.board("restored", flash=Flash(old_image), heap_words_k=online.heap_words_k)
    restored.power_on()
    await_service(restored)
    restored.network.up = True
    world.run_for(10_000)
    assert tap(restored, authority.one_time_card(order, 1001))["reason"] == "storage_failed"
    assert not restored.relay


def test_an_acknowledgement_of_another_history(
    online: Board, authority: TestAuthority, order: BatchOrder, office: BackOffice
) -> None:
    """The back office names the entry that it means: it is not the one that stands there. This flash is an old copy."""
    assert all_reported(online, office)
    online.network.up = False
    exam(online, authority, order, 1000)
    office.ack_mac = bytes(8)
    online.network.up = True
    online.host.call("uplink.now")
    assert online.world.run_until(lambda: bool(office.of(journal.FAULT)), 200_000)
    assert office.of(journal.FAULT)[0].detail == b"rolled back"
    assert exam(online, authority, order, 1001) != "granted"
