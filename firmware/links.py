"""Which link the next report takes, and when. Pure: it knows no clock, no modem and no socket; the uplink asks it and
tells it what came of it.

Order is the order of the setting. The current link carries what there is to say. It is left after a few failures (at
once for a reason that time alone does not heal), for the next link that is not known to be down. A link that comes
earlier than the current one is probed now and then with a real report, and becomes the link again when it has worked
several times over a while: one success of a Wi-Fi that comes and goes does not make a machine hop. When nothing works,
every link is tried at its own pace, and the first that works is taken.

Pauses grow from link to link by themselves and are jittered, so that a hall full of machines does not knock at the
same moment. Times are milliseconds of uptime.
"""

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

# Numbers of protocol.links, which is in memory for a moment only (a test compares).
FIRST_CHOICE = const(0)
NO_ANSWER = const(3)
SMS_CAP_REACHED = const(13)
BETTER_LINK_BACK = const(15)
URGENT_EVENT = const(16)
TRIAL = const(17)
# Trying again soon does not heal these: no SIM, wrong PIN, modem silent, SMS cap, not configured, wrong certificate.
_DEFINITE = const(1 << 5 | 1 << 6 | 1 << 10 | 1 << 13 | 1 << 14 | 1 << 4)

SMS = "sms"  # the only one whose answer comes later, or never


class Link:
    """What is known of one link."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.down = False  # left because it failed; it has to work again before it is the link
        self.failures = 0  # in a row
        self.reason = FIRST_CHOICE  # of the last failure
        self.streak = 0  # successes in a row while it was not the link
        self.since_ms = 0  # the first of them
        self.retry_ms = 0  # not before
        self.waiting = False  # a message is under way; retry_ms is when its answer counts as lost


class Load:
    """What there is to say."""

    def __init__(self) -> None:
        self.pending = 0  # entries that the back office does not have
        self.oldest_ms = 0  # when the oldest of them was first seen
        self.told_ms: int | None = None  # the last acknowledgement; None: none since power came up
        self.asked = False  # somebody wants a report now
        self.urgent_ms: int | None = None  # since when there is something that must be known soon
        self.flush = False  # what is pending is not worth gathering any more


class Choice:
    """The state of all links of one machine."""

    def __init__(self, order: "list[str]", report_ms: int, gather: "tuple[int, int]", jitter: "Jitter") -> None:
        """``gather`` = (entries, ms) that are worth an SMS; ``jitter(n)`` gives a number from 0 to n."""
        self.links = [Link(name) for name in order]
        self.current = self.links[0]
        self.reason = FIRST_CHOICE
        self.switches = 0
        self.forced: tuple[str, ...] = ()  # links that are on trial
        self._report_ms = report_ms
        self._gather_entries, self._gather_ms = gather
        self._jitter = jitter

    def plan(self, now_ms: int, load: Load) -> tuple[str, int]:
        """(link, when): the next thing to do, unless something happens before. ``when`` may have passed."""
        self._give_up_waiting(now_ms)
        best, best_ms = self.current, _NEVER_MS
        better = True
        for link in self.links:
            better = better and link is not self.current
            due_ms = max(self._due_ms(link, load, better), link.retry_ms)
            urgent_ms = self._urgent_due_ms(link, load)
            if urgent_ms < due_ms:
                due_ms = urgent_ms
            if due_ms < best_ms:
                best, best_ms = link, due_ms
        return best.name, best_ms

    def is_urgent(self, name: str) -> bool:
        """Whether this link would be used only because something is urgent."""
        return name == SMS and self.current.name != SMS and not self.current.down and name not in self.forced

    def force(self, names: "tuple[str, ...]") -> None:
        """New settings are on trial: these links have to show that they work."""
        self.forced = names
        for link in self.links:
            if link.name in names:
                self._switch(link, TRIAL)
                return

    def hurry(self, now_ms: int) -> None:
        """Somebody is waiting: no pause for the current link."""
        if not self.current.waiting and self.current.retry_ms > now_ms:
            self.current.retry_ms = now_ms

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
        if link is self.current:
            link.down = False
            return
        if not link.streak:
            link.since_ms = now_ms
        link.streak += 1
        if self.current.down:
            self._switch(link, BETTER_LINK_BACK if self._is_better(link) else self.current.reason)
        elif self._is_better(link):
            if link.streak >= _CONFIRM_TIMES and now_ms - link.since_ms >= _CONFIRM_MS:
                self._switch(link, BETTER_LINK_BACK)
            else:
                link.retry_ms = now_ms + _CONFIRM_MS

    def failed(self, name: str, reason: int, now_ms: int, until_ms: int = 0) -> None:
        """No acknowledgement over this link, and why; not before ``until_ms`` when that is known."""
        link = self._named(name)
        waited = link.waiting and reason == NO_ANSWER
        link.waiting = False
        link.failures += 1
        link.streak = 0
        link.reason = reason
        if link.failures >= _LEAVE_AFTER or _DEFINITE >> reason & 1:
            link.down = True
        link.retry_ms = max(until_ms, now_ms if waited else now_ms + self._backoff_ms(link))
        if link is self.current and link.down:
            self._leave(reason)

    def _leave(self, reason: int) -> None:
        for link in self.links:
            if not link.down:
                self._switch(link, reason)
                return
        if reason == SMS_CAP_REACHED:  # nothing works and this must not be used: the first choice stands for "offline"
            self._switch(self.links[0], reason)
            self.current.down = True

    def _switch(self, link: Link, reason: int) -> None:
        link.streak = 0
        link.down = False
        if link is not self.current or reason == TRIAL:
            self.current = link
            self.reason = reason
            self.switches += 1

    def _backoff_ms(self, link: Link) -> int:
        pause_ms = min(_BACKOFF_MIN_MS << min(link.failures - 1, _DOUBLINGS_MAX), _BACKOFF_MAX_MS)
        if link.name in self.forced:
            pause_ms = min(pause_ms, _FORCED_MAX_MS)
        elif link.down and not self._all_down():
            pause_ms = max(pause_ms, _PROBE_MIN_MS)
        return pause_ms // 2 + self._jitter(pause_ms // 2)

    def _all_down(self) -> bool:
        for link in self.links:
            if not link.down:
                return False
        return True

    def _give_up_waiting(self, now_ms: int) -> None:
        for link in self.links:
            if link.waiting and now_ms >= link.retry_ms:
                self.failed(link.name, NO_ANSWER, now_ms)

    def _due_ms(self, link: Link, load: Load, better: bool) -> int:
        """When there is something to say on this link."""
        if link.name in self.forced:
            return 0
        if link is self.current or self.current.down:
            return self._report_due_ms(link, load)
        # A probe, of a better link only. It is a report like any other.
        return 0 if better else _NEVER_MS

    def _report_due_ms(self, link: Link, load: Load) -> int:
        if load.told_ms is None or load.asked or (load.pending and (link.name != SMS or load.flush)):
            return 0
        if link.name != SMS:
            return load.told_ms + self._report_ms
        if load.pending >= self._gather_entries:
            return 0
        if load.pending:
            return load.oldest_ms + self._gather_ms
        return load.told_ms + _SMS_IDLE_MS

    def _urgent_due_ms(self, link: Link, load: Load) -> int:
        if load.urgent_ms is None:
            return _NEVER_MS
        if link.name != SMS:
            return max(load.urgent_ms, link.retry_ms) if link is self.current else _NEVER_MS
        due_ms = load.urgent_ms if link is self.current else load.urgent_ms + _URGENT_MS
        # Whoever waits for the answer to another message, or has used up the day's messages, sends this one all the same.
        return due_ms if link.waiting or link.reason == SMS_CAP_REACHED else max(due_ms, link.retry_ms)

    def _is_better(self, link: Link) -> bool:
        return self.links.index(link) < self.links.index(self.current)

    def _named(self, name: str) -> Link:
        for link in self.links:
            if link.name == name:
                return link
        raise KeyError(name)


def order_of(setting: str) -> "list[str]":
    """The names in a setting like "wifi,gprs,sms". Raises ValueError for one that is none, or comes twice."""
    names: list[str] = []
    for part in setting.split(","):
        name = part.strip()
        if name not in ("wifi", "gprs", SMS) or name in names:
            raise ValueError("transport")
        names.append(name)
    return names


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Jitter = Callable[[int], int]
