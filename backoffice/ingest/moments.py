"""When something happened: the moment, how well it is known, and the day it belongs to."""

from protocol import journal
from protocol.journal import Entry

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.clock import day_at
from backoffice.days import FALLBACK, is_known
from backoffice.ingest.group import Group
from backoffice.models import Institution
from backoffice.timekeeping.rule import EARLIEST_TIME


def moment_of(entry: Entry, received_at: int, ahead_max_s: int) -> tuple[int, str]:
    """When it happened, and how well that is known. Without a clock, the arrival is the latest it can have been.

    ``ahead_max_s``: how far beyond the arrival a machine's time is plausible (timekeeping/rule.py).
    """
    plausible = EARLIEST_TIME <= entry.time <= received_at + ahead_max_s
    if plausible and entry.clock == journal.CLOCK_TRUSTED:
        return entry.time, "trusted"
    if plausible and entry.clock == journal.CLOCK_HINT:
        return entry.time, "hint"
    return received_at, "estimated"


def day_of(group: Group, institution: Institution | None, time_s: int) -> tuple[str, bool]:
    """The day at the institution, and whether it is only UTC's because the institution's zone is not known here."""
    name = _zone_of(group, institution) if institution else FALLBACK
    return day_at(time_s, name or FALLBACK), not name


def _zone_of(group: Group, institution: Institution) -> str:
    """Empty when it is not known; looked for once a group."""
    number = institution.id or 0
    if number not in group.zones:
        known = is_known(institution.timezone)
        group.zones[number] = institution.timezone if known else ""
        if not known:
            _alert(group, institution)
    return group.zones[number]


def _alert(group: Group, institution: Institution) -> None:
    message = (
        f"The time zone {institution.timezone} is not known here: its exams are counted by the day in UTC until it is."
    )
    alerts.raise_alert(
        group.session,
        group.broker,
        Kind.ZONE_UNKNOWN,
        message,
        group.now,
        subject=str(institution.id),
        institution_id=institution.id,
        detail={"timezone": str(institution.timezone)},
    )
