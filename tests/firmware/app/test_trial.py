"""New connection settings on trial, on real littlefs with the power cut at every flash operation: the machine always
wakes up with the old settings or the new ones, and a trial always ends."""

import config as config_module
import trial
from config import Config
from journal import Journal
from protocol import journal as codec
from protocol import results
from ram_flash import copy_of, cuts, format_flash, mount

PATH = "/disk/config"
OLD = {"transport": "wifi,gprs,sms", "server_host": "old", "apn": "internet", "sms_number": "+861"}


def made(settings=OLD):
    config = Config("swipe", 5, 1, 10, b"a" * 64, b"m" * 32, b"i" * 32, dict(settings))
    config.save = lambda: Config.save(config, PATH)
    return config


def loaded():
    config = Config.load(PATH)
    config.save = lambda: Config.save(config, PATH)
    return config


def journal():
    return Journal.create("/disk/journal", b"k" * 32, lambda: (0, codec.CLOCK_NONE))


def ended(book):
    return [entry[-1] for entry in book.tail_entries if codec.Entry.decode(entry).kind == codec.COMMAND]


def test_which_links_have_to_show_that_they_work():
    format_flash()
    for wanted, needs in (
        ({"wifi_ssid": "x"}, [["wifi"]]),
        ({"apn": "x"}, [["gprs"]]),
        ({"apn_user": "x", "apn_password": "y"}, [["gprs"]]),
        ({"sms_number": "+862"}, [["sms"]]),
        ({"sim_pin": "1234"}, [["gprs", "sms"]]),
        ({"server_host": "new"}, [["wifi", "gprs"]]),
        ({"server_ca": b"x", "apn": "x"}, [["gprs"], ["wifi", "gprs"]]),
        ({"transport": "gprs"}, [["gprs"]]),
        ({"transport": "sms", "apn": "x"}, [["sms"]]),
    ):
        config = made()
        assert trial.begin(config, wanted, 9) == trial.TRIED
        assert config.trial[2] == needs, (wanted, config.trial[2])


def test_what_needs_no_trial():
    format_flash()
    for settings, wanted in (
        (OLD, {"exam_s": 5}),
        (OLD, {"server_host": "old"}),
        ({"transport": "wifi"}, {"apn": "x", "sms_number": "+862"}),
    ):
        config = made(settings)
        assert trial.begin(config, wanted, 9) == trial.KEPT
        assert config.trial == []
        assert loaded().settings == config.settings


def test_kept_when_every_link_has_shown_it():
    format_flash()
    config, book = made(), journal()
    trial.begin(config, {"server_host": "new", "sms_number": "+862"}, 9)
    assert trial.begin(config, {"server_host": "newer"}, 10) == trial.BUSY
    assert trial.resume(config, book) == 3_600_000
    assert trial.links_on_trial(config) == ("sms", "wifi", "gprs")
    assert not trial.proven(config, book, "gprs")
    assert trial.links_on_trial(config) == ("sms",)
    assert trial.proven(config, book, "sms")
    assert ended(book) == [results.DONE]
    again = loaded()
    assert (again.text("server_host"), again.trial) == ("new", [])


def test_returned():
    format_flash()
    config, book = made(), journal()
    trial.begin(config, {"server_host": "new"}, 9)
    assert trial.resume(config, book) == 600_000
    trial.give_up(config, book)
    assert config.returned
    assert ended(book) == [results.RETURNED]
    again = loaded()
    assert (again.text("server_host"), again.trial) == ("old", [])


def test_no_restart_prolongs_it():
    format_flash()
    config, book = made(), journal()
    trial.begin(config, {"server_host": "new"}, 9)
    for _ in range(trial.STARTS):
        assert trial.resume(loaded(), book)
    assert not trial.resume(loaded(), book)


def test_an_answered_trial_is_over_although_its_file_does_not_know():
    """The flash refused the file after the answer had been journalled: the same answer stands at the next start."""
    format_flash()
    config, book = made(), journal()
    trial.begin(config, {"server_host": "new"}, 9)

    def refuse():
        raise OSError(5)

    config.save = refuse
    trial.give_up(config, book)
    again = loaded()
    assert again.trial
    assert trial.resume(again, book) == 0
    trial.give_up(again, book)
    assert ended(book) == [results.RETURNED]
    assert (loaded().text("server_host"), loaded().trial) == ("old", [])


def test_old_or_new_at_every_cut():
    flash = format_flash(32)
    made().save()
    for steps in (
        lambda config, book: trial.begin(config, {"server_host": "new"}, 9),
        lambda config, book: trial.resume(config, book),
        lambda config, book: trial.give_up(config, book),
    ):
        book = journal()
        past = copy_of(flash)
        flash.log = []
        steps(loaded(), book)
        book.close()
        for _ in cuts(past, flash.log):
            config = loaded()
            assert config.text("server_host") in ("old", "new")
            assert config.text("server_host") == "old" or config.trial[1]["server_host"] == "old"
        flash.log = None
        mount(flash)
    assert loaded().text("server_host") == "old"


def test_flash_that_refuses():
    format_flash()
    config = made()

    def refuse():
        raise OSError(5)

    config.save = refuse
    assert trial.begin(config, {"server_host": "new"}, 9) == trial.FAILED
    assert (config.text("server_host"), config.trial) == ("old", [])
    assert config_module.DEFAULTS["server_host"] == ""
