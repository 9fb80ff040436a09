"""What short messages may cost in a day, counted on flash: no restart makes one free."""

import os

from ram_flash import format_flash
from sms_budget import LOOK_S, URGENT_PER_DAY, SmsBudget, count
from transport import TransportError

PATH = "/disk/sms"
DAY_S = 86400


def test_cap_and_the_next_day():
    format_flash()
    began = None
    for uptime_s in range(0, 300, 100):
        budget = SmsBudget(PATH, 3, uptime_s, began)
        assert budget.allows(False)
        budget.take(False)
        began = budget.began_s
    budget = SmsBudget(PATH, 3, 400, began)
    assert not budget.allows(False)
    assert budget.ends_s() == DAY_S
    assert not SmsBudget(PATH, 3, DAY_S - 1, began).allows(False)
    assert SmsBudget(PATH, 3, DAY_S, began).allows(False)


def test_urgent_ones_have_their_own_small_number():
    format_flash()
    budget = SmsBudget(PATH, 1, 0, None)
    budget.take(False)
    for _ in range(URGENT_PER_DAY):
        assert budget.allows(True)
        assert not budget.allows(False)
        budget.take(True)
    assert not budget.allows(True)


def test_power_loss_makes_none_free():
    format_flash()
    SmsBudget(PATH, 2, 5000, None).take(False)
    SmsBudget(PATH, 2, 9000, 5000).take(False)
    again = SmsBudget(PATH, 2, 10, None)  # uptime begins anew
    assert not again.allows(False)
    assert again.ends_s() == 10 - 4000 + DAY_S  # what passed of the day counts, the time without power does not
    assert SmsBudget(PATH, 2, DAY_S, again.began_s).allows(False)


def test_a_day_ends_on_a_machine_that_is_switched_off_every_evening():
    """Eight hours of uptime a day: what passed since the last message counts, too, or the cap would stay for ever."""
    format_flash()
    SmsBudget(PATH, 1, 3600, 0).take(False)
    mornings = 0
    while mornings < 10:
        mornings += 1
        began_s, uptime_s = None, 0
        while uptime_s < 8 * 3600:
            budget = SmsBudget(PATH, 1, uptime_s, began_s)
            began_s = budget.began_s
            if budget.allows(False):
                assert mornings in (3, 4)
                return
            budget.keep()
            assert uptime_s < budget.look_s() <= uptime_s + LOOK_S
            uptime_s = budget.look_s()
    raise AssertionError("never again")


class Loop:
    """An uplink, as far as money is concerned; a power cut makes another one."""

    def __init__(self, uptime_s):
        self.config = self.load = self
        self.urgent_ms = self.day_began_s = None
        self.uptime_s = uptime_s

    def directory(self):
        return "/disk"

    def number(self, name):
        return {"sms_per_day": 1}[name]

    def now_ms(self):
        return self.uptime_s * 1000


def test_a_refusal_writes_down_how_far_the_day_has_come():
    format_flash()
    first = Loop(0)
    count(first, take=True)
    first.uptime_s = 8 * 3600
    refused = None
    try:
        count(first, take=True)
    except TransportError as error:
        refused = error
    assert (refused.reason, refused.until_ms) == ("sms_cap_reached", (8 * 3600 + LOOK_S) * 1000)
    assert SmsBudget(PATH, 1, 0, None).ends_s() == 16 * 3600


def test_the_end_of_the_day_is_not_slept_through():
    format_flash()
    SmsBudget(PATH, 1, 0, 0).take(False)
    assert SmsBudget(PATH, 1, DAY_S - 5, 0).look_s() == DAY_S
    kept = SmsBudget(PATH, 1, 100, 0)
    kept.keep()
    assert SmsBudget(PATH, 1, 0, None).sent == 1


def test_none_at_all():
    format_flash()
    assert not SmsBudget(PATH, 0, 0, None).allows(False)


def test_damaged_count_begins_anew():
    format_flash()
    with open(PATH, "wb") as file:
        file.write(b"\x00\x01")
    assert SmsBudget(PATH, 2, 0, None).sent == 0
    assert os.stat(PATH)[6] == 2
