"""Orders of the back office: each obeyed once, LOCK and UNLOCK only with the authority's signature, old ones never."""

import asyncio

from clock import Clock
from commands import Obey
from config import Config
from journal import Journal
from protocol import journal as codec
from protocol import keys, orders, results, uplink
from protocol.uplink import Command
from ram_flash import format_flash, mount
from state import COMMANDS_KEPT

from tests.firmware.protocol.support import MASTER_SECRET, public_key, sign

MACHINE, EPOCH = 5, 2
KEY = b"k" * 32
PLACE = "/disk/journal"
AUTHORITY = keys.authority_scalar(MASTER_SECRET)
OTHERS = keys.white_scalar(MASTER_SECRET, 1)


class Desk:
    """A machine's journal on real littlefs, and the one who obeys."""

    def __init__(self):
        self.flash = format_flash(48)
        self.clock = Clock()
        self.config = Config("swipe", MACHINE, EPOCH, 10, public_key(AUTHORITY), KEY, KEY, {})
        self.journal = Journal.create(PLACE, KEY, self.clock.stamp)
        self.journal.append(codec.BATCH, 7, 1000, (500).to_bytes(4, "big"))
        self.begin()

    def begin(self):
        self.obey = Obey(self.config, self.journal, self.clock, list)

    def restart(self):
        """The power was cut."""
        self.journal.close()
        mount(self.flash)
        self.journal = Journal.load(PLACE, KEY, self.clock.stamp)
        self.begin()

    def fold(self):
        """Everything into the checkpoint, as once the back office has it."""
        import journal_report
        import journal_upkeep

        journal_report.acknowledge(self.journal, self.journal.head_seq)
        journal_upkeep.fold(self.journal)

    def say(self, number, kind, args, bound=True):
        """The result that was journalled, None when nothing was."""
        before = self.journal.head_seq
        asyncio.run(self.obey(Command(number, kind, args), bound))
        if self.journal.head_seq == before:
            return None
        import journal_report

        seen, _ = journal_report.following(self.journal, self.journal.acked_seq, self.journal.acked_mac, 4096)
        entry = [entry for entry in seen if entry.kind == codec.COMMAND][-1]
        assert entry.detail[:5] == number.to_bytes(4, "big") + bytes([kind])
        return entry.detail[5]

    def order(self, number, kind, order_number, scalar=AUTHORITY, bound=True, machine=MACHINE, epoch=EPOCH):
        order = orders.Order(machine, epoch, kind, order_number, "Call us")
        order.signature = sign(scalar, order.body())
        return self.say(number, kind, order.arguments(), bound)


def test_signed_orders():
    desk = Desk()
    assert desk.order(1, uplink.LOCK, 100) == results.DONE
    assert desk.journal.state.locked
    assert desk.order(2, uplink.UNLOCK, 101) == results.DONE
    assert not desk.journal.state.locked
    assert desk.journal.state.order_number == 101


def test_orders_that_nobody_signed_for_this_machine():
    desk = Desk()
    assert desk.say(1, uplink.LOCK, ["Call the service"]) == results.BAD_SIGNATURE
    assert desk.say(2, uplink.UNLOCK, []) == results.BAD_SIGNATURE
    assert desk.order(3, uplink.LOCK, 5, scalar=OTHERS) == results.BAD_SIGNATURE
    assert desk.order(4, uplink.LOCK, 5, machine=MACHINE + 1) == results.BAD_SIGNATURE
    assert desk.order(5, uplink.LOCK, 5, epoch=EPOCH - 1) == results.BAD_SIGNATURE
    order = orders.Order(MACHINE, EPOCH, uplink.LOCK, 5)
    order.signature = sign(AUTHORITY, order.body())
    assert desk.say(6, uplink.UNLOCK, order.arguments()) == results.BAD_SIGNATURE
    assert (desk.journal.state.locked, desk.journal.state.order_number) == (False, 0)


def test_an_old_order_does_nothing():
    desk = Desk()
    assert desk.order(1, uplink.LOCK, 100) == results.DONE
    assert desk.order(2, uplink.UNLOCK, 200) == results.DONE
    for restart in (desk.begin, desk.restart, desk.fold, desk.restart):
        restart()
        assert desk.order(1, uplink.LOCK, 100) is None
        assert desk.order(1, uplink.LOCK, 100, bound=False) is None
        number = 10 + desk.journal.head_seq
        assert desk.order(number, uplink.LOCK, 100) == results.STALE
        assert desk.order(number + 1000, uplink.LOCK, 200) == results.STALE
        assert not desk.journal.state.locked
    assert desk.order(9000, uplink.LOCK, 201) == results.DONE


def test_the_same_order_on_two_ways_at_once():
    """While the signature is being checked in slices, the same push arrives once more."""
    desk = Desk()
    order = orders.Order(MACHINE, EPOCH, uplink.LOCK, 100)
    order.signature = sign(AUTHORITY, order.body())

    async def twice():
        command = Command(1, uplink.LOCK, order.arguments())
        other = Obey(desk.config, desk.journal, desk.clock, list)
        await asyncio.gather(desk.obey(command, False), other(command, True))

    before = desk.journal.head_seq
    asyncio.run(twice())
    assert desk.journal.head_seq == before + 1


def test_a_check_lets_others_run():
    desk = Desk()
    order = orders.Order(MACHINE, EPOCH, uplink.LOCK, 100)
    order.signature = sign(AUTHORITY, order.body())
    turns = []

    async def others():
        while not desk.journal.state.locked:
            turns.append(1)
            await asyncio.sleep_ms(0)

    async def both():
        await asyncio.gather(desk.obey(Command(1, uplink.LOCK, order.arguments())), others())

    asyncio.run(both())
    assert len(turns) > 100


def test_what_is_forgotten_is_not_obeyed_again():
    desk = Desk()
    assert desk.say(1, uplink.REVOKE_CREDIT, [7, 1000]) == results.DONE
    for number in range(2, 3 + COMMANDS_KEPT):
        assert desk.say(number, uplink.REVOKE_BATCH, [9]) == results.DONE
    desk.fold()
    desk.restart()
    state = desk.journal.state
    assert (len(state.commands), state.commands_forgotten) == (COMMANDS_KEPT, 2)
    assert desk.say(1, uplink.REVOKE_BATCH, [7], bound=False) is None
    assert desk.say(1, uplink.REVOKE_BATCH, [7]) == results.STALE
    assert desk.say(1, uplink.REVOKE_BATCH, [7]) is None
    assert 7 not in desk.journal.state.revoked_batches
    assert desk.say(90, uplink.REVOKE_BATCH, [7], bound=False) == results.DONE


def test_refund_of_a_revoked_credit():
    desk = Desk()
    assert desk.say(1, uplink.REVOKE_CREDIT, [7, 1000]) == results.DONE
    assert desk.say(2, uplink.REFUND_CREDIT, [7, 1000]) == results.DONE
    desk.journal.append(codec.INTENT, 7, 1001)
    desk.journal.append(codec.DEBIT, 7, 1001)
    assert desk.say(3, uplink.REVOKE_CREDIT, [7, 1001]) == results.TOO_LATE
    assert desk.say(4, uplink.REFUND_CREDIT, [7, 1001]) == results.TOO_LATE
    assert desk.say(5, uplink.REVOKE_CREDIT, [7, 1000]) == results.DONE
    desk.fold()
    desk.restart()
    assert desk.say(6, uplink.REFUND_CREDIT, [7, 1001]) == results.TOO_LATE
    assert desk.say(7, uplink.REFUND_CREDIT, [7, 1000]) == results.DONE


def test_a_card_that_its_batch_has_not_is_not_said_to_be_refused():
    desk = Desk()
    for number, credit in enumerate((999, 1500, 4294967295), 1):
        assert desk.say(number, uplink.REVOKE_CREDIT, [7, credit]) == results.BAD_ARGUMENTS
    assert desk.say(8, uplink.REVOKE_CREDIT, [7, 1499]) == results.DONE
    assert desk.say(9, uplink.REVOKE_CREDIT, [8, 999]) == results.DONE  # its batch may come later
    assert sorted(desk.journal.state.revoked_credits) == [(7, 1499), (8, 999)]


def test_a_push_never_sets_the_clock():
    desk = Desk()
    assert desk.say(1, uplink.SET_TIME, [1_800_000_000], bound=False) is None
    assert desk.clock.now() == 0
    assert desk.say(1, uplink.SET_TIME, [1_800_000_000]) == results.DONE
    assert desk.clock.quality_name() == "trusted"


def test_a_checkpoint_of_the_first_version():
    import state_codec
    from protocol import cbor

    desk = Desk()
    desk.order(1, uplink.LOCK, 100)
    fields = cbor.decode(state_codec.encode(desk.journal.state))
    old = state_codec.decode(cbor.encode(fields[:12]))
    assert (old.locked, old.commands, old.order_number, old.commands_forgotten) == (True, [1], 0, 0)
