"""A machine without any network reports by a card in a courier's pocket, and is told what to do the same way."""

import pytest
from protocol import journal, mailbox, results, uplink

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap, tap_service
from emulator.kit.machines import await_service
from emulator.world import World
from tests.host.firmware.post import SERVER_TIME, Desk, frames_on, put


@pytest.fixture
def machine(machine: Board) -> Board:
    """As it stands in a clinic: the power has gone since the factory."""
    restart(machine)
    return machine


@pytest.fixture
def desk(authority: TestAuthority) -> Desk:
    return Desk(authority.machine_key())


@pytest.fixture
def card(authority: TestAuthority) -> ClassicCard:
    return authority.service_card()


def exam(machine: Board, authority: TestAuthority, order: BatchOrder, credit: int) -> str:
    reason = str(tap(machine, authority.one_time_card(order, credit))["reason"])
    if reason == "granted":
        machine.host.call("swipe.end")
    return reason


def restart(machine: Board) -> None:
    machine.power_off()
    machine.power_on()
    await_service(machine)


def pending(machine: Board) -> int:
    return int(machine.host.call("status")["journal"]["pending"])


def test_reports_travel_and_the_acknowledgement_comes_back(
    machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
) -> None:
    for credit in range(1000, 1005):
        assert exam(machine, authority, order, credit) == "granted"
    before = machine.host.call("status")["journal"]["seq"]
    machine.host.take_notifications("screen")
    visit = tap_service(machine, card)
    assert (visit["reports"], visit["entries"]) == (1, before)
    screens = [message["params"]["lines"] for message in machine.host.take_notifications("screen")]
    assert ["Report written", f"{before} entries", "Take the card", "along"] in screens
    assert machine.host.call("status")["journal"] | {"free_bytes": 0} == {
        "seq": before,
        "acked": 0,
        "pending": before,
        "free_bytes": 0,
    }
    assert desk.collect(card) == 1
    assert [entry.credit for entry in desk.of(journal.DEBIT)] == list(range(1000, 1005))
    assert desk.health == {uplink.HEALTH_EPOCH: 1, uplink.HEALTH_TRANSPORT: "card", uplink.HEALTH_PENDING: before}
    desk.answer(card, desk.push())
    visit = tap_service(machine, card)
    assert (visit["pushes"], visit["reports"], visit["entries"]) == (1, 1, 0)
    assert pending(machine) == 0
    assert machine.host.call("status")["clock"] == {"time": 0, "quality": "none"}


def test_only_what_is_new_is_added(
    machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
) -> None:
    exam(machine, authority, order, 1000)
    first = tap_service(machine, card)["entries"]
    assert tap_service(machine, card) | {"uid": ""} == {"uid": "", "reports": 0, "entries": 0, "pushes": 0}
    exam(machine, authority, order, 1001)
    assert tap_service(machine, card)["entries"] == 4
    assert desk.collect(card) == 2
    assert desk.head == first + 4


def test_a_card_takes_weeks_of_exams(
    machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
) -> None:
    """A Classic has room for ninety exams: a report of twenty-four takes 160 of its 672 bytes."""
    for credit in range(1000, 1100):
        assert exam(machine, authority, order, credit) == "granted"
    visit = tap_service(machine, card)
    assert visit["reports"] == desk.collect(card)
    assert [entry.credit for entry in desk.of(journal.DEBIT)][:90] == list(range(1000, 1090))
    desk.answer(card, desk.push())
    assert tap_service(machine, card)["entries"] == pending(machine)
    desk.collect(card)
    assert [entry.credit for entry in desk.of(journal.DEBIT)] == list(range(1000, 1100))


def test_room_that_was_acknowledged_is_used_again(
    machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
) -> None:
    for round_number in range(12):
        exam(machine, authority, order, 1000 + round_number)
        assert tap_service(machine, card)["entries"] == (4 if round_number else desk.head or pending(machine))
        desk.collect(card)
        if round_number % 3 == 2:
            put(card, mailbox.PUSH, 1, desk.push())
            tap_service(machine, card)
            assert pending(machine) == 0
    assert len(desk.of(journal.DEBIT)) == 12


def test_chinese(world: World, authority: TestAuthority, card: ClassicCard) -> None:
    machine = swipe_machine(world, authority, settings={"language": "zh"})
    machine.host.take_notifications("screen")
    tap_service(machine, card)
    screens = [message["params"]["lines"] for message in machine.host.take_notifications("screen")]
    assert any(lines[0] == "报告已写入" for lines in screens)


def test_several_machines_on_one_card(
    world: World, authority: TestAuthority, order: BatchOrder, card: ClassicCard
) -> None:
    for machine_id in (1, 2, 3):
        machine = swipe_machine(world, authority, f"machine {machine_id}", machine_id)
        assert tap_service(machine, card)["reports"] == 1
        machine.power_off()
    for machine_id in (1, 2, 3):
        desk = Desk(authority.machine_key(machine_id), machine_id)
        assert desk.collect(card) == 1
        assert desk.head >= 1


class TestOrders:
    def obey(self, machine: Board, card: ClassicCard, desk: Desk, *commands: uplink.Command) -> dict[int, int]:
        """Results by the commands' ids, once a visit brought them and the next visit reported."""
        tap_service(machine, card)
        desk.collect(card)
        desk.answer(card, desk.push(list(commands)))
        tap_service(machine, card)
        desk.collect(card)
        return {int.from_bytes(e.detail[:4], "big"): e.detail[5] for e in desk.of(journal.COMMAND)}

    def test_lock_and_unlock(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        lock = uplink.Command(1, uplink.LOCK, authority.order(uplink.LOCK, 50))
        assert self.obey(machine, card, desk, lock) == {1: results.DONE}
        assert exam(machine, authority, order, 1000) == "locked"
        restart(machine)
        assert exam(machine, authority, order, 1000) == "locked"
        unlock = uplink.Command(2, uplink.UNLOCK, authority.order(uplink.UNLOCK, 51))
        assert self.obey(machine, card, desk, unlock)[2] == results.DONE
        assert exam(machine, authority, order, 1000) == "granted"

    def test_orders_that_the_authority_did_not_sign(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        """Whoever holds the machine's keys, the stolen server for one, locks nothing."""
        forged = authority.order(uplink.LOCK, 50, machine_id=2)
        commands = [uplink.Command(1, uplink.LOCK, forged), uplink.Command(2, uplink.LOCK, ["Closed"])]
        assert self.obey(machine, card, desk, *commands) == {1: results.BAD_SIGNATURE, 2: results.BAD_SIGNATURE}
        assert exam(machine, authority, order, 1000) == "granted"

    def test_an_old_card_locks_nothing(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        lock = uplink.Command(1, uplink.LOCK, authority.order(uplink.LOCK, 50))
        tap_service(machine, card)
        desk.collect(card)
        desk.answer(card, desk.push([lock]))
        old_image = card.image()
        tap_service(machine, card)
        unlock = uplink.Command(2, uplink.UNLOCK, authority.order(uplink.UNLOCK, 51))
        self.obey(machine, card, desk, unlock)
        before = machine.host.call("status")["journal"]
        card.load(old_image)
        for _ in range(3):
            assert tap_service(machine, card)["pushes"] == 1
            card.load(old_image)
        assert machine.host.call("status")["journal"]["seq"] == before["seq"]
        assert exam(machine, authority, order, 1000) == "granted"

    def test_no_clock_from_a_card(self, machine: Board, desk: Desk, card: ClassicCard) -> None:
        commands = [uplink.Command(1, uplink.SET_TIME, [SERVER_TIME])]
        assert self.obey(machine, card, desk, *commands) == {}
        assert machine.host.call("status")["clock"]["quality"] == "none"

    def test_revoke_and_refund(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        commands = [
            uplink.Command(1, uplink.REVOKE_CREDIT, [7, 1000]),
            uplink.Command(2, uplink.REFUND_CREDIT, [7, 1000]),
            uplink.Command(3, uplink.REFUND_CREDIT, [7, 1001]),
        ]
        assert self.obey(machine, card, desk, *commands) == {1: 0, 2: 0, 3: 0}
        assert exam(machine, authority, order, 1000) == "revoked"
        assert exam(machine, authority, order, 1001) == "used"


class TestAttacks:
    def test_a_push_for_another_machine(self, machine: Board, authority: TestAuthority, card: ClassicCard) -> None:
        other = Desk(authority.machine_key(2), 2)
        stolen = other.push([uplink.Command(1, uplink.REVOKE_BATCH, [7])], ack_seq=1)
        put(card, mailbox.PUSH, 1, stolen)  # under our name
        put(card, mailbox.PUSH, 2, stolen)
        visit = tap_service(machine, card)
        assert (visit["pushes"], visit["reports"]) == (0, 1)
        assert machine.host.call("status")["journal"]["acked"] == 0
        assert [frame.message for frame in frames_on(card) if frame.machine_id == 2] == [stolen]

    def test_altered_bytes(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        tap_service(machine, card)
        desk.collect(card)
        good = desk.push([uplink.Command(1, uplink.REVOKE_BATCH, [7])])
        for place in range(0, len(good), 9):
            wrong = bytearray(good)
            wrong[place] ^= 1
            desk.answer(card, bytes(wrong))
            assert tap_service(machine, card)["pushes"] == 0
        assert machine.host.call("status")["journal"]["acked"] == 0
        assert exam(machine, authority, order, 1000) == "granted"

    def test_an_answer_bound_to_a_report_is_no_push(
        self, machine: Board, authority: TestAuthority, desk: Desk, card: ClassicCard
    ) -> None:
        tap_service(machine, card)
        request = frames_on(card)[0].message
        desk.collect(card)
        answer = uplink.seal_ack(desk.machine_key, request, uplink.Ack(desk.head, SERVER_TIME, []))
        desk.answer(card, answer)
        assert tap_service(machine, card)["pushes"] == 0

    def test_old_report_and_old_answer_again(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        """A courier keeps images of a card and plays them back: nothing moves backwards, nothing is left out."""
        exam(machine, authority, order, 1000)
        tap_service(machine, card)
        images = [card.image()]
        desk.collect(card)
        desk.answer(card, desk.push())
        images.append(card.image())
        tap_service(machine, card)
        acked = machine.host.call("status")["journal"]["acked"]
        exam(machine, authority, order, 1001)
        for image in images * 2:
            card.load(image)
            tap_service(machine, card)
            assert machine.host.call("status")["journal"]["acked"] == acked
            again = Desk(desk.machine_key)
            again.entries, again.macs = dict(desk.entries), dict(desk.macs)
            again.collect(card)
            assert [entry.credit for entry in again.of(journal.DEBIT)] == [1000, 1001]

    def test_a_full_card(self, machine: Board, card: ClassicCard) -> None:
        for number in range(6):
            put(card, mailbox.UP, 100 + number, bytes([number]) * 100)
        before = [(frame.machine_id, frame.message, frame.unit) for frame in frames_on(card)]
        seq = machine.host.call("status")["journal"]["seq"]
        assert tap_service(machine, card)["reason"] == "service_full"
        assert [(frame.machine_id, frame.message, frame.unit) for frame in frames_on(card)] == before
        assert machine.host.call("status")["journal"]["seq"] == seq
        assert ["Card is full", "Empty it at the", "issuing desk,", "then tap again"] in [
            message["params"]["lines"] for message in machine.host.take_notifications("screen")
        ]

    def test_a_store_full_of_rubbish(self, machine: Board, desk: Desk, card: ClassicCard) -> None:
        for block in range(8, 64):
            if block % 4 != 3:
                card.blocks[block][:] = bytes([1, 0, 0, 0, 1, 1, 0]) + b"\xa5" * 9
        assert tap_service(machine, card)["reports"] == 1
        assert desk.collect(card) == 1

    def test_a_card_that_only_says_it_is_one(self, machine: Board, authority: TestAuthority, card: ClassicCard) -> None:
        for sector in range(2, 16):
            card.blocks[sector * 4 + 3][:6] = b"closed"
            card.blocks[sector * 4 + 3][10:] = b"closed"
        assert tap_service(machine, card)["reason"] == "damaged"
        assert tap_service(machine, authority.blank_card())["reason"] == "foreign"

    def test_an_acknowledgement_for_another_journal(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        """The flash was set back, other entries were written since: what was acknowledged are not these."""
        machine.power_off()
        old_flash = machine.flash.image()
        machine.power_on()
        await_service(machine)
        exam(machine, authority, order, 1000)
        tap_service(machine, card)
        desk.collect(card)
        desk.answer(card, desk.push())
        machine.power_off()
        machine.flash.load(old_flash)
        machine.power_on()
        await_service(machine)
        exam(machine, authority, order, 1001)
        exam(machine, authority, order, 1002)
        tap_service(machine, card)
        status = machine.host.call("status")
        assert status["journal"]["acked"] == 0
        assert exam(machine, authority, order, 1003) != "granted" or status["journal"]["pending"] > 0
        fresh = authority.service_card()
        tap_service(machine, fresh)
        forked = Desk(desk.machine_key)
        forked.collect(fresh)
        assert [entry.credit for entry in forked.of(journal.DEBIT)][:2] == [1001, 1002]
        assert b"rolled back" in [entry.detail for entry in forked.of(journal.FAULT)]


class TestBesideOtherWork:
    def test_a_clients_wait_goes_on(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, card: ClassicCard
    ) -> None:
        call = machine.host.start("swipe.debit", timeout_ms=20_000)
        machine.world.run_for(200)
        assert tap_service(machine, card)["reports"] == 1
        machine.field.enter(authority.one_time_card(order, 1000))
        assert machine.host.finish(call)["credit"] == 1000

    def test_with_no_client_where_one_is_required(
        self, world: World, authority: TestAuthority, order: BatchOrder, card: ClassicCard
    ) -> None:
        machine = swipe_machine(world, authority, settings={"require_client": True})
        assert tap_service(machine, card)["reports"] == 1
        batch_card = authority.batch_card(order)
        machine.field.enter(batch_card)
        world.run_for(2000)
        assert machine.host.take_notifications("tap") == []
        assert machine.host.call("swipe.init_batch", timeout_ms=5000)["batch"] == 7

    def test_while_an_exam_runs(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"
        assert tap_service(machine, card)["reports"] == 1
        assert machine.relay
        desk.collect(card)
        assert len(desk.of(journal.STARTED)) == 1
        machine.host.call("swipe.end")

    def test_power_cut_while_it_writes(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, desk: Desk, card: ClassicCard
    ) -> None:
        exam(machine, authority, order, 1000)
        put(card, mailbox.UP, 9, b"of another machine, to be carried along")
        for cut_ms in range(100, 1500, 140):
            machine.field.enter(card)
            machine.world.run_for(cut_ms)
            machine.power_off()
            machine.field.leave(card)
            assert frames_on(card)[0].message == b"of another machine, to be carried along"
            machine.power_on()
            await_service(machine)
        tap_service(machine, card)
        desk.collect(card)
        assert [entry.credit for entry in desk.of(journal.DEBIT)] == [1000]
