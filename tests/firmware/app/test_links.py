"""Which link and when: order, hysteresis, back-off, gathering, urgency, trials. Pure, with a clock made of numbers."""

from link_state import Load
from links import Choice, first_state, order_of

MINUTE = 60_000
HOUR = 60 * MINUTE


def no_jitter(most):
    return most


def choice(order="wifi,gprs,sms", jitter=no_jitter):
    return Choice(first_state(order_of(order)), 5 * MINUTE, (48, HOUR), jitter)


def told(pending=0, told_ms=0):
    """A machine that has been heard already."""
    load = Load()
    load.pending, load.told_ms = pending, told_ms
    return load


def raises(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise AssertionError("no " + error.__name__)


def fail(made, name, reason, now_ms, times=2):
    for _ in range(times):
        made.failed(name, reason, now_ms)


def test_order_of_the_setting():
    assert order_of("wifi") == ["wifi"]
    assert order_of("sms, gprs") == ["sms", "gprs"]
    for wrong in ("", "card", "wifi,wifi", "wifi,", "WIFI", "lora"):
        raises(ValueError, order_of, wrong)


def test_first_report_at_once():
    for order in ("wifi,gprs,sms", "gprs", "sms"):
        made = choice(order)
        assert made.plan(0, Load()) == (order_of(order)[0], 0)
        assert made.state.reason == "first_choice"


def test_next_report_when_there_is_something_to_say_or_after_the_interval():
    made = choice()
    made.worked("wifi", 1000)
    assert made.plan(1000, told(told_ms=1000)) == ("wifi", 1000 + 5 * MINUTE)
    assert made.plan(1000, told(pending=1, told_ms=1000)) == ("wifi", 0)
    load = told(told_ms=1000)
    load.asked = True
    assert made.plan(1000, load) == ("wifi", 0)


def test_one_failure_is_a_pause_two_are_a_switch():
    made = choice()
    made.failed("wifi", "no_wifi", 1000)
    assert made.state.current.name == "wifi"
    assert made.plan(1000, told(1)) == ("wifi", 1000 + 4998 + 2)
    made.failed("wifi", "no_wifi", 7000)
    assert (made.state.current.name, made.state.reason) == ("gprs", "no_wifi")
    assert made.plan(7000, told(1)) == ("gprs", 0)


def test_what_time_does_not_heal_is_a_switch_at_once():
    for reason in ("no_sim", "pin_wrong", "modem_silent", "not_configured", "bad_certificate"):
        made = choice("gprs,wifi")
        made.failed("gprs", reason, 0)
        assert (made.state.current.name, made.state.reason) == ("wifi", reason)
    for reason in ("no_wifi", "no_server", "no_answer", "link_lost", "not_registered", "power_fault", "out_of_memory"):
        made = choice("gprs,wifi")
        made.failed("gprs", reason, 0)
        assert made.state.current.name == "gprs"


def test_better_link_must_work_for_a_while():
    made = choice()
    fail(made, "wifi", "no_answer", 0)
    made.worked("gprs", 10_000)
    load = told(told_ms=10_000)
    name, when = made.plan(10_000, load)
    assert (name, when) == ("wifi", MINUTE)  # not sooner, as gprs works
    made.worked("wifi", when)
    assert made.state.current.name == "gprs"
    load.told_ms = when
    assert made.plan(when, load) == ("wifi", when + MINUTE)
    made.worked("wifi", when + MINUTE)
    assert (made.state.current.name, made.state.reason) == ("wifi", "better_link_back")
    assert made.state.switches == 2


def test_better_link_that_comes_and_goes_is_left_alone():
    made = choice()
    fail(made, "wifi", "no_answer", 0)
    now = 0
    for _ in range(20):
        made.worked("gprs", now)
        now += 2 * MINUTE
        made.worked("wifi", now)
        made.failed("wifi", "no_answer", now + 1)
    assert made.state.current.name == "gprs"
    assert made.state.switches == 1


def test_two_quick_successes_are_not_a_while():
    made = choice()
    fail(made, "wifi", "no_answer", 0)
    made.worked("wifi", 100_000)
    made.worked("wifi", 100_001)
    assert made.state.current.name == "gprs"
    made.worked("wifi", 160_000)
    assert made.state.current.name == "wifi"


def test_worse_links_rest_while_the_current_one_works():
    made = choice()
    made.worked("wifi", 0)
    now, used = 0, set()
    for _ in range(100):
        name, when = made.plan(now, told(pending=200, told_ms=now))
        used.add(name)
        now = max(now, when) + 1000
        made.worked(name, now)
    assert used == {"wifi"}


def test_all_down_everything_is_tried_and_the_first_that_works_is_taken():
    made = choice("wifi,gprs")
    fail(made, "wifi", "no_answer", 0)
    fail(made, "gprs", "no_answer", 0)
    assert made.state.current.name == "gprs"
    now, tried = 0, []
    for _ in range(12):
        name, when = made.plan(now, told(1))
        now = max(now, when)
        tried.append(name)
        made.failed(name, "no_answer", now)
    assert 3 <= tried.count("wifi") <= 9
    made.worked("wifi", now)
    assert (made.state.current.name, made.state.reason) == ("wifi", "better_link_back")


def test_all_down_a_worse_link_is_taken_with_the_failures_reason():
    made = choice("wifi,gprs,sms")
    for name in ("wifi", "gprs", "sms"):
        fail(made, name, "no_answer", 0)
    made.worked("gprs", 50)  # the current one is sms
    assert made.state.current.name == "gprs"
    fail(made, "gprs", "gprs_refused", 60)
    made.worked("sms", 70)
    assert (made.state.current.name, made.state.reason) == ("sms", "gprs_refused")


def test_pauses_grow_and_are_bounded():
    made = choice("wifi")
    pauses = []
    for _ in range(14):
        made.failed("wifi", "no_answer", 0)
        pauses.append(made.plan(0, told(1))[1])
    assert pauses[0] <= 5000
    assert pauses == sorted(pauses)
    assert pauses[-1] == 900_000
    assert choice("wifi", lambda most: 0).plan(0, told(1)) == ("wifi", 0)
    halved = choice("wifi", lambda most: 0)
    for _ in range(14):
        halved.failed("wifi", "no_answer", 0)
    assert halved.plan(0, told(1))[1] == 450_000


def test_sms_gathers():
    made = choice("sms")
    made.worked("sms", 0)
    load = told()
    assert made.plan(0, load) == ("sms", 24 * HOUR)
    load.pending, load.oldest_ms = 4, 500
    assert made.plan(600, load) == ("sms", 500 + HOUR)
    load.pending = 48
    assert made.plan(600, load) == ("sms", 0)
    load.pending, load.flush = 4, True
    assert made.plan(600, load) == ("sms", 0)


def test_sms_waits_for_its_answer_and_then_again_longer():
    made = choice("sms")
    made.sent("sms", 0)
    load = told(pending=60)
    assert made.plan(10, load) == ("sms", 225_000)  # 3 minutes and the jitter
    assert made.plan(225_000, load) == ("sms", 225_000)
    assert made.state.links[0].failures == 1
    made.sent("sms", 225_000)
    assert made.plan(225_001, load) == ("sms", 225_000 + 450_000)
    made.worked("sms", 300_000)
    assert made.plan(300_000, load) == ("sms", 0)
    for _ in range(20):
        made.sent("sms", 0)
        made.failed("sms", "no_answer", 0)
    made.sent("sms", 0)
    assert made.plan(0, load)[1] == 1_800_000 * 5 // 4


def test_cap_of_the_day():
    made = choice("wifi,sms")
    fail(made, "wifi", "no_answer", 0)
    assert made.state.current.name == "sms"
    made.failed("sms", "sms_cap_reached", 1000, 10 * HOUR)
    assert (made.state.current.name, made.state.reason) == ("wifi", "sms_cap_reached")
    now, used = 1000, []
    for _ in range(100):
        name, when = made.plan(now, told(60))
        now = max(now, when)
        used.append(name)
        if name == "sms":
            break
        made.failed(name, "no_answer", now)
    assert used[-1] == "sms"
    assert now >= 10 * HOUR


def test_urgent_takes_the_usual_link_first_and_then_sms():
    made = choice("wifi,sms")
    made.worked("wifi", 0)
    load = told(told_ms=0)
    load.pending, load.urgent_ms = 1, 1000
    assert made.plan(1000, load) == ("wifi", 0)
    made.failed("wifi", "no_answer", 30_000)
    assert made.is_urgent("sms")
    assert made.plan(30_000, load)[0] == "wifi"
    made.state.links[0].retry_ms = 500_000
    assert made.plan(30_000, load) == ("sms", 121_000)
    load.urgent_ms = None
    assert made.plan(30_000, load) == ("wifi", 500_000)
    assert made.state.current.name == "wifi"


def test_urgent_on_sms_goes_at_once_although_an_answer_is_awaited():
    made = choice("sms")
    made.sent("sms", 0)
    load = told(pending=2)
    load.urgent_ms = 5000
    assert made.plan(6000, load) == ("sms", 5000)
    made.failed("sms", "sms_cap_reached", 6000, 10 * HOUR)
    assert made.plan(6000, load) == ("sms", 5000)
    load.urgent_ms = None
    assert made.plan(6000, load) == ("sms", 10 * HOUR)


def test_urgent_on_sms_that_fails_keeps_its_pause():
    made = choice("sms")
    load = told(pending=2)
    load.urgent_ms = 0
    made.failed("sms", "modem_silent", 1000)
    assert made.plan(1000, load)[1] > 1000


def test_trial_begins_with_the_link_that_is_on_trial():
    made = choice("wifi,gprs,sms")
    made.force(("gprs",))
    assert (made.state.current.name, made.state.reason) == ("gprs", "trial")
    for _ in range(10):
        made.failed("gprs", "no_answer", 0)
    assert made.state.current.name == "wifi"
    made.worked("wifi", 1)
    name, when = made.plan(1, told(told_ms=1))
    assert (name, when) == ("gprs", MINUTE)


def test_trial_of_the_only_link():
    made = choice("sms")
    made.force(("sms",))
    assert (made.state.current.name, made.state.reason) == ("sms", "trial")
    assert made.plan(0, told()) == ("sms", 0)
