"""What the machine remembers of its links between two reports, and what there is to say. The rule that works on it,
links.py, is in memory for a moment only. Times are milliseconds of uptime.

Values of the classes instead of constructors: these objects outlive the code that makes them, and code takes memory.
"""


class Link:
    """What is known of one link."""

    name = ""
    down = False  # left because it failed; it has to work again before it is the link
    failures = 0  # in a row
    reason = ""  # of the last failure
    streak = 0  # successes in a row while it was not the link
    since_ms = 0  # the first of them
    retry_ms = 0  # not before
    waiting = False  # a message is under way; retry_ms is when its answer counts as lost


class LinkState:
    """All links of a machine, in the order in which they are preferred."""

    links: "list[Link]"
    current: Link
    reason = "first_choice"  # why the current one is it, as all reasons here a name of protocol.links
    switches = 0
    forced: "tuple[str, ...]" = ()  # links that are on trial


class Load:
    """What there is to say."""

    acked = 0  # how far the back office has the journal
    pending = 0  # entries that it does not have
    oldest_ms = 0  # when the oldest of them was first seen
    told_ms: "int | None" = None  # the last acknowledgement; None: none since power came up
    asked = False  # somebody wants a report now
    urgent_ms: "int | None" = None  # since when there is something that must be known soon
    flush = False  # what is pending is not worth gathering any more
