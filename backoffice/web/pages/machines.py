"""Machines: the list, and each one's health and log."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from protocol.orders import MAX_TEXT_BYTES
from starlette.responses import HTMLResponse

from backoffice.authority.pins import PIN_CHARS_MIN
from backoffice.days import FALLBACK, Calendar
from backoffice.machines import service as machine_service
from backoffice.routing import Router
from backoffice.usage.wanted import Wanted
from backoffice.web.order_wording import LINKS, OrderWords
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import (
    ROWS_A_PAGE,
    NumberInPath,
    OptionalNumber,
    all_choices,
    institution_choices,
    name_pager,
    reader_choices,
)
from backoffice.web.reads import alarms, exams, journals, orders, places, stock
from backoffice.web.reads import machines as reads
from backoffice.web.reads.machines import MachineFilter
from backoffice.web.views import AuthorityView, Choice, OrderForms, OrderRow, Pager, Refusal, address
from backoffice.web.wording import ALERTS, JOURNAL_KINDS, REASONS, spoken, spoken_kinds
from backoffice.workshop import Workshop, WorkshopDep

router = Router(prefix="/machines", include_in_schema=False)

LOG_ROWS = 40
CHART_DAYS = 30
ALERTS_SHOWN = 20
ORDERS_SHOWN = 10
ORDERS_PLACE = "#orders"
NOWHERE = 0
"""No institution has this id: a code that nobody has finds no machine."""
INTERVALS_S = (60, 300, 900, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
TRANSPORTS = ("wifi", "wifi,gprs", "wifi,gprs,sms", "wifi,sms", "gprs", "gprs,sms", "sms")


@router.get("")
def machines(
    desk: DeskDep,
    presence: Annotated[str, Query(max_length=16)] = "",
    institution: OptionalNumber = None,
    role: Annotated[str, Query(max_length=16)] = "",
    after: OptionalNumber = None,
    before: OptionalNumber = None,
) -> HTMLResponse:
    """By name, a page at a time; ``after`` and ``before`` are machines' numbers."""
    place = places.institution_by_code(desk.session, desk.viewer.institution_ids, institution) if institution else None
    here = NOWHERE if place is None and institution is not None else place.id if place is not None else None
    wanted = MachineFilter(desk.viewer.institution_ids, here, presence, role)
    shown = reads.page_by_name(desk.session, wanted, desk.now, ROWS_A_PAGE, after, before)
    query = {"presence": presence, "institution": institution, "role": role}
    return desk.page(
        "pages/machines.html",
        "machines",
        machines=shown.rows,
        machines_total=shown.total,
        pages=name_pager("/machines", shown.before, shown.after, **query),
        filtered=any(value not in ("", None) for value in query.values()),
        presence=presence,
        presence_choices=_presence_choices(desk),
        institution="" if institution is None else str(institution),
        institution_choices=institution_choices(desk, institution),
        role=role,
        role_choices=_role_choices(desk),
    )


@router.get("/{machine_id}")
def machine(
    desk: DeskDep,
    workshop: WorkshopDep,
    machine_id: NumberInPath,
    kind: OptionalNumber = None,
    epoch: OptionalNumber = None,
    below: OptionalNumber = None,
    older: OptionalNumber = None,
) -> HTMLResponse:
    return machine_page(desk, workshop, machine_id, kind=kind, epoch=epoch, below=below, older=older)


def machine_page(
    desk: Desk,
    workshop: Workshop,
    machine_id: int,
    *,
    kind: int | None = None,
    epoch: int | None = None,
    below: int | None = None,
    older: int | None = None,
    refusal: Refusal | None = None,
) -> HTMLResponse:
    """Everything about one machine; ``refusal`` = the order that this page answers."""
    found = machine_service.get(desk.session, desk.viewer, machine_id)
    chains = journals.chains(desk.session, machine_id)
    shown_epoch = epoch if epoch is not None else chains[0].epoch if chains else found.epoch
    log = journals.log(desk.session, machine_id, shown_epoch, LOG_ROWS, below, kind)
    place = places.institution_of(desk.session, found)
    calendar = Calendar(place.timezone if place else FALLBACK, desk.now)
    wanted = Wanted(desk.viewer.institution_ids, machine_id=machine_id)
    by_day = exams.by_day(desk.session, wanted, calendar, CHART_DAYS)
    listed = orders.listed(desk.session, machine_id, ORDERS_SHOWN + 1, older)
    troubles = alarms.listed(desk.session, desk.viewer.institution_ids, "active", ALERTS_SHOWN, machine_id=machine_id)
    may_order = desk.may_order and found.role == "swipe" and found.state != "retired"
    return desk.page(
        "pages/machine.html",
        "machines",
        machine=reads.one(desk.session, machine_id, desk.now),
        machine_epoch=found.epoch,
        health=found,
        forked=any(chain.forked for chain in chains),
        by_day=by_day,
        days_total=sum(day.count for day in by_day),
        log=log,
        kind="" if kind is None else str(kind),
        kind_choices=_kind_choices(desk),
        kind_names=spoken_kinds(desk.words),
        reason_names=spoken(desk.words, REASONS),
        epoch=shown_epoch,
        epoch_choices=_epoch_choices(desk, machine_id, [chain.epoch for chain in chains]),
        pages=_log_pager(machine_id, [row.seq for row in log if row.received_at], kind, epoch, below),
        alerts=troubles.rows,
        more_alerts=troubles.older_than is not None,
        alert_titles=spoken(desk.words, ALERTS),
        batches=stock.batches_of_machine(desk.session, machine_id),
        orders=listed[:ORDERS_SHOWN],
        orders_waiting=orders.waiting(desk.session, machine_id),
        change_under_way=orders.change_under_way(desk.session, machine_id),
        order_pages=_order_pager(machine_id, older, listed),
        may_order=may_order,
        forms=_order_forms(desk, workshop, machine_id) if may_order else None,
        words=OrderWords.of(desk.words),
        refusal=refusal,
        typed={} if refusal is None else refusal.typed,
    )


def _order_pager(machine_id: int, older: int | None, found: Sequence[OrderRow]) -> Pager:
    """Older orders are found by number, so that new ones at the top do not move the page under the reader."""
    path = f"/machines/{machine_id}"
    more = len(found) > ORDERS_SHOWN
    return Pager(
        before=path + ORDERS_PLACE if older is not None else "",
        after=address(path, older=found[ORDERS_SHOWN - 1].id) + ORDERS_PLACE if more else "",
    )


def _order_forms(desk: Desk, workshop: Workshop, machine_id: int) -> OrderForms:
    present = workshop.room.present()
    mine = present is not None and present.user_id == desk.viewer.user_id
    authority = AuthorityView(
        open_until=present.closes_at if present is not None and mine else None,
        somebody_else=present is not None and not mine,
        readers=reader_choices(desk),
    )
    doubts = orders.in_doubt(desk.session, machine_id)
    batches = orders.batches(desk.session, machine_id)
    return OrderForms(
        authority=authority,
        doubts=doubts,
        doubts_more=orders.in_doubt_more(desk.session, machine_id, len(doubts)),
        batches=batches[: orders.BATCHES_OFFERED],
        more_batches=len(batches) > orders.BATCHES_OFFERED,
        intervals=INTERVALS_S,
        transports=[(value, _link_names(desk, value)) for value in TRANSPORTS],
        own_ca=workshop.context.settings.tls_ca is not None,
        pin_least=PIN_CHARS_MIN,
        text_max=MAX_TEXT_BYTES,
    )


def _link_names(desk: Desk, transport: str) -> str:
    return " → ".join(desk.words.gettext(LINKS[name]) for name in transport.split(","))


def _log_pager(machine_id: int, seqs: list[int], kind: int | None, epoch: int | None, below: int | None) -> Pager:
    """Older entries are found by number, so that new ones at the top do not move the page under the reader."""
    path = f"/machines/{machine_id}"
    return Pager(
        before=address(path, kind=kind, epoch=epoch) if below is not None else "",
        after=address(path, kind=kind, epoch=epoch, below=seqs[-1]) if len(seqs) == LOG_ROWS else "",
    )


def _presence_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [
        Choice(say("All"), ""),
        Choice(say("Reporting"), "present"),
        Choice(say("Late"), "late"),
        Choice(say("Silent"), "silent"),
        Choice(say("Never reported"), "never"),
        Choice(say("At the desk"), "desk"),
        Choice(say("Locked"), "locked"),
        Choice(say("Retired"), "retired"),
    ]


def _role_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [
        Choice(say("All"), ""),
        Choice(say("Swipe machine"), "swipe"),
        Choice(say("Master-card issuer"), "master_issuer"),
        Choice(say("Child-card issuer"), "child_issuer"),
    ]


def _epoch_choices(desk: Desk, machine_id: int, epochs: list[int]) -> list[Choice]:
    more = journals.chain_count(desk.session, machine_id) - len(epochs) if len(epochs) == journals.CHAINS_SHOWN else 0
    return all_choices(desk, [Choice(str(epoch), str(epoch)) for epoch in epochs], more)[1:]


def _kind_choices(desk: Desk) -> list[Choice]:
    say = desk.words.gettext
    return [Choice(say("Everything"), ""), *(Choice(say(words), str(kind)) for kind, words in JOURNAL_KINDS.items())]
