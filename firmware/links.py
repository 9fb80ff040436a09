"""Which link the next report takes, and when. Pure: it knows no clock, no modem and no socket; the uplink asks it and
tells it what came of it.

Order is the order of the setting. The current link carries what there is to say. It is left after a few failures (at
once for a reason that time alone does not heal), for the next link that is not known to be down. A link that comes
earlier than the current one is probed now and then with a real report, and becomes the link again when it has worked
several times over a while: one success of a Wi-Fi that comes and goes does not make a machine hop. When nothing works,
every link is tried at its own pace, and the first that works is taken.

Pauses grow from link to link by themselves and are jittered, so that a hall full of machines does not knock at the
same moment. Times are milliseconds of uptime. Borrowed code.
"""

from link_state import Link, LinkState, Load
from micropython import const

_LEAVE_AFTER = const(2)  # failures in a row
_CONFIRM_TIMES = const(2)  # successes in a row of a better link, and at least
_CONFIRM_MS = const(60000)  # so long from the first to the last of them
_BACKOFF_MIN_MS = const(5000)
_BACKOFF_MAX_MS = const(900000)
_PROBE_MIN_MS = const(60000)  # while another link works
_FORCED_MAX_MS = const(60000)  # a link on trial is tried at least this often
_SMS_WAIT_MS = const(180000)  # for an acknowledgement, before the message is sent again
_SMS_WAIT_MAX_MS = const(1800000)
_SMS_IDLE_MS = const(86400000)  # a machine with nothing to say costs one short message a day
_URGENT_MS = const(120000)  # so long the usual links have to answer
_DOUBLINGS_MAX = const(8)
_NEVER_MS = const(1 << 40)  # longer than any uptime

# Names of protocol.links, which this heap has no room for (a test compares).
_NO_ANSWER = const("no_answer")
_SMS_CAP_REACHED = const("sms_cap_reached")
_BETTER_LINK_BACK = const("better_link_back")
_TRIAL = const("trial")
# Trying again soon does not heal these.
_DEFINITE = const(("bad_certificate", "no_sim", "pin_wrong", "modem_silent", "sms_cap_reached", "not_configured"))
_SMS = const("sms")  # the only link whose answer comes later, or never
_NAMES = const(("wifi", "gprs", "sms"))


class Choice:
    """The rule, at work on the state of one machine's links."""

    def __init__(self, state: LinkState, report_ms: int, gather: "tuple[int, int]", jitter: "Jitter") -> None:
        """``gather`` = (entries, ms) that are worth an SMS; ``jitter(n)`` gives a number from 0 to n."""
        self.state = state
        self._report_ms = report_ms
        self._gather_entries, self._gather_ms = gather
        self._jitter = jitter

    def plan(self, now_ms: int, load: Load) -> tuple[str, int]:
        """(link, when): the next thing to do, unless something happens before. ``when`` may have passed."""
        self._give_up_waiting(now_ms)
        best, best_ms = self.state.current, _NEVER_MS
        better = True
        for link in self.state.links:
            better = better and link is not self.state.current
            due_ms = max(self._due_ms(link, load, better), link.retry_ms)
            urgent_ms = self._urgent_due_ms(link, load)
            if urgent_ms < due_ms:
                due_ms = urgent_ms
            if due_ms < best_ms:
                best, best_ms = link, due_ms
        return best.name, best_ms

    def is_urgent(self, name: str) -> bool:
        """Whether this link would be used only because something is urgent."""
        return (
            name == _SMS
            and self.state.current.name != _SMS
            and not self.state.current.down
            and name not in self.state.forced
        )

    def force(self, names: "tuple[str, ...]") -> None:
        """New settings are on trial: these links have to show that they work."""
        self.state.forced = names
        for link in self.state.links:
            if link.name in names:
                self._switch(link, _TRIAL)
                return

    def sent(self, name: str, now_ms: int) -> None:
        """A message left whose answer may come later, or never."""
        link = self._named(name)
        wait_ms = min(_SMS_WAIT_MS << min(link.failures, _DOUBLINGS_MAX), _SMS_WAIT_MAX_MS)
        link.waiting = True
        link.retry_ms = now_ms + wait_ms + self._jitter(wait_ms // 4)

    def worked(self, name: str, now_ms: int) -> None:
        """A sealed acknowledgement came over this link."""
        link = self._named(name)
        link.waiting = False
        link.failures = 0
        link.retry_ms = 0
        if link is self.state.current:
            link.down = False
            return
        if not link.streak:
            link.since_ms = now_ms
        link.streak += 1
        if self.state.current.down:
            self._switch(link, _BETTER_LINK_BACK if self._is_better(link) else self.state.current.reason)
        elif self._is_better(link):
            if link.streak >= _CONFIRM_TIMES and now_ms - link.since_ms >= _CONFIRM_MS:
                self._switch(link, _BETTER_LINK_BACK)
            else:
                link.retry_ms = now_ms + _CONFIRM_MS

    def failed(self, name: str, reason: str, now_ms: int, until_ms: int = 0) -> None:
        """No acknowledgement over this link, and why; not before ``until_ms`` when that is known."""
        link = self._named(name)
        waited = link.waiting and reason == _NO_ANSWER
        link.waiting = False
        link.failures += 1
        link.streak = 0
        link.reason = reason
        if link.failures >= _LEAVE_AFTER or reason in _DEFINITE:
            link.down = True
        link.retry_ms = max(until_ms, now_ms if waited else now_ms + self._backoff_ms(link))
        if link is self.state.current and link.down:
            self._leave(reason)

    def stuck(self, name: str, now_ms: int) -> None:
        """The link works, but the answer takes nothing further: not the moment to insist."""
        link = self._named(name)
        link.failures += 1
        link.waiting = False
        link.retry_ms = now_ms + self._backoff_ms(link)

    def _leave(self, reason: str) -> None:
        for link in self.state.links:
            if not link.down:
                self._switch(link, reason)
                return
        if reason == _SMS_CAP_REACHED:  # nothing works and this must not be used: the first choice stands for no link
            self._switch(self.state.links[0], reason)
            self.state.current.down = True

    def _switch(self, link: Link, reason: str) -> None:
        link.streak = 0
        link.down = False
        if link is not self.state.current or reason == _TRIAL:
            self.state.current = link
            self.state.reason = reason
            self.state.switches += 1

    def _backoff_ms(self, link: Link) -> int:
        pause_ms = min(_BACKOFF_MIN_MS << min(link.failures - 1, _DOUBLINGS_MAX), _BACKOFF_MAX_MS)
        if link.name in self.state.forced:
            pause_ms = min(pause_ms, _FORCED_MAX_MS)
        elif link.down and not self._all_down():
            pause_ms = max(pause_ms, _PROBE_MIN_MS)
        return pause_ms // 2 + self._jitter(pause_ms // 2)

    def _all_down(self) -> bool:
        return all(link.down for link in self.state.links)

    def _give_up_waiting(self, now_ms: int) -> None:
        for link in self.state.links:
            if link.waiting and now_ms >= link.retry_ms:
                self.failed(link.name, _NO_ANSWER, now_ms)

    def _due_ms(self, link: Link, load: Load, better: bool) -> int:
        """When there is something to say on this link."""
        if link.name in self.state.forced:
            return 0
        if link is self.state.current or self.state.current.down:
            return self._report_due_ms(link, load)
        # A probe, of a better link only. It is a report like any other.
        return 0 if better else _NEVER_MS

    def _report_due_ms(self, link: Link, load: Load) -> int:
        if load.told_ms is None or load.asked or (load.pending and (link.name != _SMS or load.flush)):
            return 0
        if link.name != _SMS:
            return load.told_ms + self._report_ms
        if load.pending >= self._gather_entries:
            return 0
        if load.pending:
            return load.oldest_ms + self._gather_ms
        return load.told_ms + _SMS_IDLE_MS

    def _urgent_due_ms(self, link: Link, load: Load) -> int:
        if load.urgent_ms is None:
            return _NEVER_MS
        if link.name != _SMS:
            return max(load.urgent_ms, link.retry_ms) if link is self.state.current else _NEVER_MS
        due_ms = load.urgent_ms if link is self.state.current else load.urgent_ms + _URGENT_MS
        # An answer that is awaited and the day's cap hold other messages up, not this one.
        return due_ms if link.waiting or link.reason == _SMS_CAP_REACHED else max(due_ms, link.retry_ms)

    def _is_better(self, link: Link) -> bool:
        return self.state.links.index(link) < self.state.links.index(self.state.current)

    def _named(self, name: str) -> Link:
        for link in self.state.links:
            if link.name == name:
                return link
        raise KeyError(name)


def first_state(order: "list[str]") -> LinkState:
    """Of a machine whose services begin."""
    state = LinkState()
    state.links = []
    for name in order:
        link = Link()
        link.name = name
        state.links.append(link)
    state.current = state.links[0]
    return state


def order_of(setting: str) -> "list[str]":
    """The names in a setting like "wifi,gprs,sms". Raises ValueError for one that is none, or comes twice."""
    names: list[str] = []
    for part in setting.split(","):
        name = part.strip()
        if name not in _NAMES or name in names:
            raise ValueError("transport")
        names.append(name)
    return names


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Jitter = Callable[[int], int]
