"""Configuration on real littlefs: whole or absent, and loud when it is damaged. And the clock."""

import clock as clock_module
from clock import Clock
from config import Config, checked_settings
from errors import Corrupt
from protocol.journal import CLOCK_HINT, CLOCK_NONE, CLOCK_TRUSTED
from ram_flash import copy_of, cuts, format_flash, mount

PATH = "/disk/config"


def config(epoch=1):
    return Config("swipe", 5, epoch, 10, b"a" * 64, b"m" * 32, b"i" * 32, {"exam_s": 60})


def raises(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise AssertionError("no " + error.__name__)


def test_there_and_back():
    format_flash()
    assert Config.load(PATH) is None
    config().save(PATH)
    again = Config.load(PATH)
    assert (again.role, again.machine_id, again.epoch, again.institution) == ("swipe", 5, 1, 10)
    assert (again.authority_key, again.machine_key, again.institution_key) == (b"a" * 64, b"m" * 32, b"i" * 32)
    assert again.number("exam_s") == 60
    assert again.text("language") == "en"
    assert again.flag("require_client") is False


def test_old_or_new_at_every_cut():
    flash = format_flash(24)
    config(1).save(PATH)
    past = copy_of(flash)
    flash.log = []
    config(2).save(PATH)
    epochs = [Config.load(PATH).epoch for _ in cuts(past, flash.log)]
    assert epochs == sorted(epochs)
    assert set(epochs) <= {1, 2}
    mount(flash)
    assert Config.load(PATH).epoch == 2


def test_damage_is_no_blank_device():
    format_flash()
    config().save(PATH)
    with open(PATH, "rb") as file:
        content = bytearray(file.read())
    for damaged in (content[:-1], content[:5], b"", content[:30] + b"x" + content[31:]):
        with open(PATH, "wb") as file:
            file.write(damaged)
        raises(Corrupt, Config.load, PATH)


def test_settings_of_the_wrong_kind():
    assert checked_settings({"exam_s": 5, "language": "zh", "colour": "red"}) == {"exam_s": 5, "language": "zh"}
    for wrong in ({"exam_s": "5"}, {"exam_s": -1}, {"exam_s": True}, {"language": "x" * 200}, {"require_client": 1}):
        raises(ValueError, checked_settings, wrong)


class Ticks:
    """Ticks as the board has them: 30 bits that wrap."""

    PERIOD = 1 << 30

    def __init__(self, start):
        self.value = start

    def ticks_ms(self):
        return self.value % self.PERIOD

    def ticks_diff(self, end, start):
        return (end - start + self.PERIOD // 2) % self.PERIOD - self.PERIOD // 2


def test_clock():
    real_time = clock_module.time
    ticks = clock_module.time = Ticks(Ticks.PERIOD - 2500)
    try:
        clock = Clock()
        assert (clock.stamp(), clock.earliest()) == ((0, CLOCK_NONE), None)
        clock.not_before(0)
        assert clock.quality == CLOCK_NONE
        clock.not_before(1000)
        ticks.value += 5000
        assert clock.stamp() == (1005, CLOCK_HINT)
        clock.not_before(900)
        assert clock.now() == 1005
        assert clock.trust(2000) == 1005
        ticks.value += 3000
        assert clock.stamp() == (2003, CLOCK_TRUSTED)
        assert clock.trust(2010) is None
        assert clock.trust(3000) == 2010
        assert clock.uptime_ms == 8000
    finally:
        clock_module.time = real_time
