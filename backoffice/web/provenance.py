"""The way of one debit: the cards above it, the machine, the channel, the figure it became."""

from protocol import journal

from backoffice.models import JournalEntry, Usage
from backoffice.usage.standing import Standing
from backoffice.web.formats import Formats
from backoffice.web.i18n import mark
from backoffice.web.page import Desk
from backoffice.web.reads import journals, stock
from backoffice.web.views import DebitRow, TrailStep, address

STEP_NAMES = {
    "authority": mark("Signed for by the master card and a white card"),
    "batch": mark("Drawn as a batch"),
    "card": mark("Written on a one-time card"),
    "machine": mark("Debited at the machine"),
    "channel": mark("Reported to this server"),
    "usage": mark("Counted as one exam"),
}
STEP_UNKNOWN = {
    "authority": mark("This server has no record of the certificates: they were not signed here."),
    "batch": mark("This server has no record of the batch: it was not issued here."),
    "card": mark("This server has no record of the card: it was not written here."),
    "machine": mark("The machine's journal entry is not stored."),
    "channel": mark("How it came is not known."),
    "usage": mark("It is not counted."),
}
STANDINGS = {
    Standing.UNISSUED.value: mark("not counted: it was never issued"),
    Standing.FOREIGN.value: mark("not counted: issued for another machine, or another provisioning of it"),
    Standing.VOID.value: mark("not counted: it was given up before it was debited"),
}
QUALITIES = {
    "trusted": mark("the machine's clock was right"),
    "hint": mark("the machine's clock had not been checked"),
    "estimated": mark("estimated: the machine had no clock"),
}


def trail_of(desk: Desk, debit: DebitRow, usage: Usage) -> list[TrailStep]:
    """The stations, from the root of trust to the dashboard."""
    entries = journals.around(desk.session, usage.machine_id, usage.epoch, usage.credit, usage.seq)
    return [
        *_cards(desk, usage),
        _machine(desk, debit, usage, entries),
        _channel(desk, usage),
        _usage(desk, debit, usage),
    ]


def _cards(desk: Desk, usage: Usage) -> list[TrailStep]:
    say, formats = desk.words.gettext, desk.formats
    chain = stock.chain_of(desk.session, usage.batch)
    card = stock.written_card(desk.session, usage.batch, usage.credit)
    steps = [TrailStep("authority", "cards", False), TrailStep("batch", "issuing", False)]
    if chain is not None:
        batch, white, master = chain
        if white is not None and master is not None:
            root = (
                (say("Master card"), str(master.id)),
                (say("White card"), str(white.id)),
                (say("Range"), _range(formats, white.first_credit, white.quota)),
            )
            steps[0] = TrailStep("authority", "cards", True, root, white.created_at)
        drawn = (
            (say("Batch"), str(batch.batch_number)),
            (say("Institution code"), str(batch.institution_code)),
            (say("Bound to machine"), str(batch.machine_id)),
            (say("Range"), _range(formats, batch.first_credit, batch.count)),
        )
        steps[1] = TrailStep("batch", "issuing", True, drawn, batch.created_at, address("/cards", batch=batch.id))
    if card is None:
        return [*steps, TrailStep("card", "cards", False)]
    facts = ((say("Card"), str(usage.credit)), (say("Chip number"), card.uid), (say("Medium"), card.medium))
    href = f"/issuing/{card.job_id}" if card.job_id and desk.may_issue else ""
    return [*steps, TrailStep("card", "cards", True, facts, card.changed_at, href)]


def _machine(desk: Desk, debit: DebitRow, usage: Usage, entries: dict[int, JournalEntry]) -> TrailStep:
    say, formats = desk.words.gettext, desk.formats
    facts = [
        (say("Machine"), f"{debit.machine} ({debit.machine_id})"),
        (say("Institution"), debit.institution or say("none")),
        (say("Provisioning"), formats.number(usage.epoch)),
        (say("Journal entry"), formats.number(usage.seq)),
        (say("Time"), say(QUALITIES.get(usage.time_quality, usage.time_quality))),
    ]
    for kind, name in ((journal.STARTED, say("Exam enabled")), (journal.ENDED, say("Exam over"))):
        if kind in entries and entries[kind].time:
            facts.append((name, formats.exact(entries[kind].time)))
    href = address(f"/machines/{debit.machine_id}", epoch=usage.epoch, below=usage.seq + 4)
    return TrailStep("machine", "machine", bool(entries), facts, usage.time, href)


def _channel(desk: Desk, usage: Usage) -> TrailStep:
    say = desk.words.gettext
    delay_s = max(usage.received_at - usage.time, 0)
    facts = (
        (say("Sealed message"), say("opened with the machine's own key, its journal's chain checked")),
        (say("On the way for"), desk.formats.span(delay_s)),
    )
    return TrailStep("channel", "channel", True, facts, usage.received_at)


def _usage(desk: Desk, debit: DebitRow, usage: Usage) -> TrailStep:
    say = desk.words.gettext
    facts = (
        (say("Day"), usage.day),
        (say("By the clinic's clock"), desk.formats.at(debit.zone_name).exact(usage.time)),
        (say("Number"), desk.formats.number(debit.id)),
        (say("State"), _state(desk, debit)),
    )
    href = address("/usage", institution=debit.institution_code, since=usage.day, until=usage.day)
    return TrailStep("usage", "count", debit.standing not in STANDINGS, facts, None, href)


def _state(desk: Desk, debit: DebitRow) -> str:
    say = desk.words.gettext
    if debit.standing in STANDINGS:
        return say(STANDINGS[debit.standing])
    return say("disputed") if debit.disputed else say("counted once")


def _range(formats: Formats, first: int, count: int) -> str:
    return f"{first}–{first + count - 1} ({formats.number(count)})"
