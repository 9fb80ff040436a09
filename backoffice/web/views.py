"""What templates are given: plain values, already chosen and counted, not yet worded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

DAYS_THAT_TELL = 7
UNHEARD = ("late", "silent", "never")


def address(path: str, **query: object) -> str:
    """A path with the filters that are set; a filter that is not set is not in the address."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


@dataclass(frozen=True)
class Choice:
    """One value of a filter."""

    name: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Pager:
    """Where the newer and the older rows of a list are; empty when there are none."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Total:
    """Exams in a stretch of time, and in the stretch of the same length before it."""

    key: str
    days: int
    count: int
    before: int


@dataclass(frozen=True)
class DayCount:
    day: date
    count: int
    today: bool = False
    """Whether it is the present day at one of the clinics that are counted."""


@dataclass(frozen=True)
class InstitutionRow:
    code: int
    name: str
    city: str
    active: bool
    count: int
    before: int
    days: Sequence[int]
    machines: int

    @property
    def href(self) -> str:
        return f"/institutions/{self.code}"


@dataclass(frozen=True)
class Stock:
    """Cards that an institution still has, and for how long they last at its present pace."""

    left: int
    used: int = 0
    """Exams of the last weeks."""
    days: int = 0
    """Over how many days these were: a new clinic has not been there for weeks."""

    @property
    def too_new(self) -> bool:
        """Whether there is a use, and no telling yet what it comes to: four minutes are no pace."""
        return self.used > 0 and self.days < DAYS_THAT_TELL

    @property
    def days_left(self) -> int | None:
        """None: nobody can tell, and cards are left."""
        if self.left == 0:
            return 0
        return self.left * self.days // self.used if self.used and not self.too_new else None


@dataclass(frozen=True)
class MachineRow:
    id: int
    name: str
    role: str
    state: str
    institution: str
    institution_code: int | None
    last_seen_at: int | None
    interval_s: int
    presence: str
    """present, late, silent, never, desk (a card issuer: no reports expected), locked or retired."""
    pending: int = 0
    reader_healthy: bool | None = None

    @property
    def is_unheard(self) -> bool:
        """Whether it should report and does not."""
        return self.presence in UNHEARD

    @property
    def href(self) -> str:
        return f"/machines/{self.id}"


@dataclass(frozen=True)
class AlertRow:
    id: int
    kind: str
    severity: int
    message: str
    machine_id: int | None
    machine: str
    institution: str
    count: int
    raised_at: int
    last_at: int
    acknowledged_at: int | None
    acknowledged_by: str
    cleared_at: int | None


@dataclass(frozen=True)
class DebitRow:
    id: int
    time: int
    time_quality: str
    institution: str
    institution_code: int | None
    machine: str
    machine_id: int
    batch: int
    credit: int
    disputed: bool
    received_at: int
    day: str = ""
    """The day that it counts for, by its clinic's clock."""
    zone_name: str = "UTC"
    """Its clinic's zone at present."""
    standing: str = "counted"

    @property
    def href(self) -> str:
        return f"/usage/{self.id}"


@dataclass(frozen=True)
class DoubtRow:
    """A card that was presented, with nothing reported since."""

    machine_id: int
    machine: str
    institution: str
    batch: int
    credit: int
    since: int


@dataclass(frozen=True)
class OrderRow:
    """An order to a machine and what became of it."""

    id: int
    kind: str
    state: str
    result: str
    on_trial: bool
    created_at: int
    created_by: str
    """Empty: the back office ordered it itself."""
    sent_at: int | None
    sent_count: int
    done_at: int | None
    answer_seq: int | None
    answer_epoch: int | None
    batch: int = 0
    credit: int = 0
    text: str = ""
    settings: Sequence[tuple[str, object]] = field(default_factory=tuple)
    """Names and values; secrets are masked."""

    @property
    def waits(self) -> bool:
        return self.state in ("queued", "sent")

    @property
    def interval_s(self) -> int | None:
        """When the order is about nothing but how often the machine reports."""
        only = self.settings[0] if len(self.settings) == 1 else ("", 0)
        return only[1] if only[0] == "report_s" and isinstance(only[1], int) else None

    @property
    def answer_href(self) -> str:
        if self.answer_seq is None:
            return ""
        return address("", epoch=self.answer_epoch, below=self.answer_seq + 1) + "#log-name"


@dataclass(frozen=True)
class AuthorityView:
    """Whether the top authority may sign now, and where its session could be opened."""

    open_until: int | None
    """Only of the viewer's own session."""
    somebody_else: bool
    readers: Sequence[Choice]


@dataclass(frozen=True)
class Refusal:
    """A form that was sent and not obeyed: what was wrong, and what was typed, so that nobody has to type it again."""

    form: str
    """Which of the page's forms it was."""
    code: str
    detail: Mapping[str, object] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    """By the fields' names. No password or PIN is among them."""


@dataclass(frozen=True)
class BatchOffer:
    """A batch that may be refused, with the numbers of its cards."""

    id: int
    first: int
    last: int


@dataclass(frozen=True)
class OrderForms:
    """What the forms for orders offer."""

    authority: AuthorityView
    doubts: Sequence["DoubtRow"]
    doubts_more: int
    """Cards in doubt beyond those that are offered."""
    batches: Sequence[BatchOffer]
    more_batches: bool
    intervals: Sequence[int]
    transports: Sequence[tuple[str, str]]
    """Orders of links, and their names."""
    own_ca: bool
    """Whether this server has an authority that machines may trust."""
    pin_least: int
    text_max: int


@dataclass(frozen=True)
class SmsTotals:
    """Short messages of the last days."""

    received: int
    refused: int
    sent: int
    parts: int
    """What they cost: a long one is two on the air."""
    delivered: int
    failed: int


@dataclass(frozen=True)
class LogRow:
    """A line of a machine's journal, or a hole in it (`kind` is "gap" or "accepted_gap")."""

    kind: str
    seq: int
    last_seq: int
    time: int = 0
    clock: int = 0
    batch: int = 0
    credit: int = 0
    detail: str = ""
    reason: str = ""
    """Why a card was refused."""
    received_at: int = 0
    usage_href: str = ""

    @property
    def missing(self) -> int:
        return self.last_seq - self.seq + 1


@dataclass(frozen=True)
class BatchRow:
    id: int
    white_id: int
    number: int
    institution: str
    institution_code: int | None
    machine: str
    machine_id: int | None
    first: int
    count: int
    issued: int
    failed: int
    used: int

    @property
    def left(self) -> int:
        return max(self.issued - self.used, 0)


@dataclass(frozen=True)
class Level:
    """One level of cards, counted by how far they have come."""

    kind: str
    planned: int
    issued: int
    failed: int
    used: int


@dataclass(frozen=True)
class CardRow:
    level: str
    number: int
    uid: str
    medium: str
    state: str
    reason: str
    batch: int | None
    at: int | None
    href: str = ""
    outcome: str = ""
    """What became of a failed card's content."""


@dataclass(frozen=True)
class JobRow:
    id: int
    kind: str
    state: str
    issuer: str
    institution: str
    batch: int | None
    total: int
    done: int
    failed: int
    medium: str
    weak_medium: bool
    started_at: int
    changed_at: int
    step: str = ""
    """What the person at the desk is asked to do now."""
    error_code: str = ""
    message: str = ""
    card_ms: int = 0
    """How long one card took lately; 0 while nobody can tell."""

    @property
    def href(self) -> str:
        return f"/issuing/{self.id}"

    @property
    def seconds_left(self) -> int:
        """How long the rest takes at the present pace; 0 while nobody can tell."""
        return (self.total - self.done) * self.card_ms // 1000


@dataclass(frozen=True)
class TrailStep:
    """One station on the way of a debit from the card to the figure on the dashboard."""

    key: str
    icon: str
    known: bool
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)
    at: int | None = None
    href: str = ""
