"""Between two rounds: what came of the last one, what there is to say, and which link is to say it. Borrowed code, in
memory for a moment: nothing here waits.
"""

import os

from borrowed import Borrowed
from link_state import LinkState
from links import Choice, first_state, order_of
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_PAUSE_MAX_MS = const(600000)  # then everything is looked at again
_SMS = const("sms")
_WIFI = const("wifi")


def begin(loop: "Uplink") -> LinkState:
    """The links of a machine whose services begin."""
    try:
        state = first_state(order_of(loop.config.text("transport")))
    except ValueError:
        state = first_state([_WIFI])  # the setting names no link that this firmware knows
    loop.urgencies = _urgencies(loop)
    if loop.config.returned:
        loop.config.returned = False
        state.reason = "returned_from_trial"
        _tell(loop, state.current.name, state.reason)
    if loop.config.trial:
        _begin_trial(loop, state)
    return state


def step(loop: "Uplink") -> tuple[str, int]:
    """(module whose run() is next, 0), or ("", how long to pause)."""
    choice, now_ms = _choice(loop), loop.now_ms()
    _learn(loop, choice, now_ms)
    _look(loop, now_ms)
    if loop.trial_until_ms and now_ms >= loop.trial_until_ms:
        _give_up_trial(loop)
    if loop.orders:
        return "commands", 0
    if loop.modem is not None and loop.modem.has_mail:
        return "uplink_inbox", 0
    name, due_ms = choice.plan(now_ms, loop.load)
    if loop.links.switches != loop.told_switches:
        loop.told_switches = loop.links.switches
        _tell(loop, loop.links.current.name, loop.links.reason)
    if due_ms > now_ms:
        return _rest(loop, due_ms - now_ms, now_ms)
    if choice.is_urgent(name):
        _tell(loop, name, "urgent_event")
    loop.carrier = name
    return "uplink_round", 0


def _choice(loop: "Uplink") -> Choice:
    config = loop.config
    gather = (config.number("sms_min_entries"), config.number("sms_gather_s") * 1000)
    return Choice(loop.links, config.number("report_s") * 1000, gather, _jitter)


def _learn(loop: "Uplink", choice: Choice, now_ms: int) -> None:
    """What came of the last round."""
    if loop.outcome is None:
        return
    name, reason, until_ms = loop.outcome
    loop.outcome = None
    if reason == "sent":
        choice.sent(name, now_ms)
    elif reason == "stuck":
        choice.stuck(name, now_ms)
    elif reason:
        choice.failed(name, reason, now_ms, until_ms)
    else:
        choice.worked(name, now_ms)


def _look(loop: "Uplink", now_ms: int) -> None:
    """What there is to say, by the journal."""
    load, pending = loop.load, loop.journal.pending()
    if pending and (not load.pending or load.acked != loop.journal.acked_seq):
        load.oldest_ms = now_ms
    load.pending, load.acked = pending, loop.journal.acked_seq
    urgencies = _urgencies(loop)
    if not pending:
        load.urgent_ms, load.flush = None, False
    elif urgencies != loop.urgencies:
        load.urgent_ms, load.flush = now_ms, True
    loop.urgencies = urgencies


def _rest(loop: "Uplink", pause_ms: int, now_ms: int) -> tuple[str, int]:
    loop.carrier = loop.links.current.name
    if loop.modem is not None and not _needs_modem(loop):
        return "modem_rest", 0
    if loop.modem is not None and now_ms >= loop.modem.look_ms:
        return "modem_look", 0
    if loop.trial_until_ms:
        pause_ms = min(pause_ms, max(0, loop.trial_until_ms - now_ms))
    return "", min(pause_ms, _PAUSE_MAX_MS)


def _urgencies(loop: "Uplink") -> tuple[int, bool]:
    """When one of these is another, the back office has to know soon."""
    state = loop.journal.state
    return state.faults, state.locked


def _needs_modem(loop: "Uplink") -> bool:
    """A short message may come as long as the modem's links carry the reports, or an answer is awaited."""
    return loop.links.current.name != _WIFI or any(link.waiting for link in loop.links.links)


def _begin_trial(loop: "Uplink", state: LinkState) -> None:
    with Borrowed("trial") as code:
        left_ms = code.resume(loop.config, loop.journal)
        if left_ms:
            loop.trial_until_ms = loop.now_ms() + left_ms
            Choice(state, 0, (0, 0), _jitter).force(code.links_on_trial(loop.config))
    if not left_ms:
        _give_up_trial(loop)


def _give_up_trial(loop: "Uplink") -> None:
    loop.trial_until_ms = 0
    with Borrowed("trial") as code:
        code.give_up(loop.config, loop.journal)
    loop.device.settings_changed()


def _tell(loop: "Uplink", name: str, reason: str) -> None:
    loop.device.link.notify("link", {"link": name, "reason": reason})


def _jitter(most: int) -> int:
    return int.from_bytes(os.urandom(4), "big") % (most + 1)
