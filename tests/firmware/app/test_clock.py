"""The clock: trusted only by a prompt answer; what a network says moves no expiry date."""

import clock as clock_module
from clock import ROUND_TRIP_MAX_MS, Clock
from protocol.journal import CLOCK_HINT, CLOCK_NONE, CLOCK_TRUSTED

NOW = 1_800_000_000
YEAR_S = 31_536_000


class Ticks:
    """Stands in for `time`."""

    value = 0

    def ticks_ms(self):
        return self.value

    def ticks_diff(self, end, start):
        return end - start


def a_clock():
    ticks = clock_module.time = Ticks()
    return Clock(), ticks


def restored(test):
    def run():
        real_time = clock_module.time
        try:
            test()
        finally:
            clock_module.time = real_time

    return run


@restored
def test_network_time_is_shown_and_never_sure():
    clock, ticks = a_clock()
    assert clock.network(NOW)
    ticks.value += 4000
    assert clock.stamp() == (NOW + 4, CLOCK_HINT)
    assert clock.earliest() is None
    clock.not_before(NOW - 100)
    assert clock.stamp() == (NOW + 4, CLOCK_HINT)
    assert clock.earliest() == NOW - 100
    assert clock.network(NOW + YEAR_S)
    assert (clock.now(), clock.earliest()) == (NOW + YEAR_S, NOW - 100)


@restored
def test_network_times_that_are_none():
    for sure in (0, NOW):
        for wrong in (0, -1, 1072915200, 315964800, 4_102_444_801, 1 << 40):  # ..., 2004-01-01, 1980-01-06, ...
            clock, _ = a_clock()
            clock.not_before(sure)
            before = clock.stamp()
            assert not clock.network(wrong)
            assert clock.stamp() == before


@restored
def test_network_time_against_what_is_sure():
    clock, _ = a_clock()
    clock.not_before(NOW)
    assert not clock.network(NOW - 1)
    assert not clock.network(NOW + 11 * YEAR_S)
    assert clock.network(NOW + 9 * YEAR_S)
    assert clock.network(NOW + 5)
    assert clock.stamp() == (NOW + 5, CLOCK_HINT)


@restored
def test_network_time_does_not_touch_a_trusted_clock():
    clock, _ = a_clock()
    assert clock.trust(NOW, 400) == 0
    assert clock.network(NOW + 3600)
    assert clock.stamp() == (NOW, CLOCK_TRUSTED)
    assert clock.earliest() == NOW


@restored
def test_an_answer_that_took_long_is_only_a_lower_bound():
    clock, ticks = a_clock()
    assert clock.trust(NOW, ROUND_TRIP_MAX_MS + 1) is None
    assert clock.stamp() == (NOW, CLOCK_HINT)
    assert clock.earliest() == NOW
    assert clock.trust(NOW + 60, ROUND_TRIP_MAX_MS) == NOW
    assert clock.quality == CLOCK_TRUSTED
    ticks.value += 1000
    assert clock.trust(NOW - 5000, ROUND_TRIP_MAX_MS + 1) is None
    assert clock.stamp() == (NOW + 61, CLOCK_TRUSTED)
    assert clock.trust(NOW + 500, ROUND_TRIP_MAX_MS + 1) is None
    assert clock.stamp() == (NOW + 500, CLOCK_TRUSTED)


@restored
def test_an_answer_corrects_whatever_a_network_said():
    clock, _ = a_clock()
    clock.network(NOW + YEAR_S)
    assert clock.trust(NOW, 300) == NOW + YEAR_S
    assert (clock.stamp(), clock.earliest()) == ((NOW, CLOCK_TRUSTED), NOW)


@restored
def test_nothing_known():
    clock, ticks = a_clock()
    clock.not_before(0)
    ticks.value += 90_000
    assert (clock.stamp(), clock.earliest()) == ((0, CLOCK_NONE), None)
