"""The service card at the desk: its reports are taken, answers and orders go back onto it.

Reading waits for a card, so these endpoints hold no request transaction; the same card again does no harm, so the
answer to the form is the summary itself.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from starlette.responses import HTMLResponse

from backoffice.accounts.access import RequireRole
from backoffice.accounts.roles import Role
from backoffice.db import READ
from backoffice.deps import dated
from backoffice.devices import service as devices
from backoffice.devices import service_card
from backoffice.devices.service_card import Visit
from backoffice.errors import BackOfficeError
from backoffice.routing import Router
from backoffice.web.order_wording import PROBLEMS
from backoffice.web.page import Desk, DeskDep
from backoffice.web.pages.filters import machine_choices, reader_choices
from backoffice.web.pages.machine_orders import CARD_PATIENCE_MS, NumberForm
from backoffice.web.reads import choices, machines
from backoffice.web.sms_wording import ERRORS
from backoffice.web.wording import SERVICE_CARD_PROBLEMS, spoken
from backoffice.workshop import AtDeskDep, DeskIssuerDep, Workshop, WorkshopDep

router = Router(prefix="/service-card", include_in_schema=False)

OptionalMachineForm = Annotated[str, Form(pattern="^[0-9]{0,10}$")]


@dataclass(frozen=True)
class Made:
    """A new service card."""

    uid: str
    store_bytes: int


@router.get("", dependencies=[Depends(RequireRole(Role.ISSUER))])
def service_cards(desk: DeskDep) -> HTMLResponse:
    return _page(desk)


@router.post("")
def read_card(
    request: Request,
    viewer: DeskIssuerDep,
    workshop: WorkshopDep,
    at_desk: AtDeskDep,
    device: NumberForm,
    machine: OptionalMachineForm = "",
) -> HTMLResponse:
    also_for = [int(machine)] if machine else []
    try:
        with workshop.reading() as session:
            reader = devices.usable(session, device, *choices.CARD_READERS)
        visit = at_desk.do(
            reader,
            f"{viewer.login} (service card)",
            lambda issuer: service_card.exchange(workshop, issuer, reader, CARD_PATIENCE_MS, also_for),
        )
    except BackOfficeError as error:
        return _shown(request, workshop, viewer, device, problem=error.code)
    return _shown(request, workshop, viewer, device, visit=visit)


@router.post("/make")
def make_card(
    request: Request, viewer: DeskIssuerDep, workshop: WorkshopDep, at_desk: AtDeskDep, device: NumberForm
) -> HTMLResponse:
    try:
        with workshop.reading() as session:
            reader = devices.usable(session, device, *choices.CARD_READERS)
        uid, store_bytes = at_desk.do(
            reader,
            f"{viewer.login} (service card)",
            lambda issuer: service_card.make(workshop, issuer, reader, CARD_PATIENCE_MS),
        )
    except BackOfficeError as error:
        return _shown(request, workshop, viewer, device, problem=error.code)
    return _shown(request, workshop, viewer, device, made=Made(uid.hex(), store_bytes))


def _shown(
    request: Request,
    workshop: Workshop,
    viewer: DeskIssuerDep,
    device: int,
    *,
    problem: str = "",
    visit: Visit | None = None,
    made: Made | None = None,
) -> HTMLResponse:
    with dated(workshop.context, READ) as session:
        desk = Desk(request, session, viewer, workshop.now(), workshop.context.settings.timezone, at=router.prefix)
        return _page(desk, device, problem, visit, made)


def _page(
    desk: Desk, device: int = 0, problem: str = "", visit: Visit | None = None, made: Made | None = None
) -> HTMLResponse:
    shown = [] if visit is None else [*visit.machines, *(trouble.machine_id for trouble in visit.errors)]
    return desk.page(
        "pages/service_card.html",
        "service_card",
        readers=reader_choices(desk),
        device=device,
        machine_choices=machine_choices(desk)[1:],
        machine_names=machines.names_of(desk.session, shown),
        problem=problem,
        problems=spoken(desk.words, {**ERRORS, **PROBLEMS, **SERVICE_CARD_PROBLEMS}),
        visit=visit,
        visits=[visit.machines[number] for number in sorted(visit.machines)] if visit is not None else [],
        made=made,
    )
