"""What short messages may cost in a day, counted on flash: no restart makes one free."""

import os

from ram_flash import format_flash
from sms_budget import URGENT_PER_DAY, SmsBudget

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


def test_none_at_all():
    format_flash()
    assert not SmsBudget(PATH, 0, 0, None).allows(False)


def test_damaged_count_begins_anew():
    format_flash()
    with open(PATH, "wb") as file:
        file.write(b"\x00\x01")
    assert SmsBudget(PATH, 2, 0, None).sent == 0
    assert os.stat(PATH)[6] == 2
