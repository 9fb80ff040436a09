"""What an administrator may order of a machine, and the authority's session that signs the orders that stop a clinic.

Each form leads back to the machine's page: to the order in the list, or to the form as it was typed, with the words for
what was wrong. No endpoint holds a request transaction: what needs the authority may wait for a card, and a page is not
made while others wait for their turn to write.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from protocol import uplink
from pydantic import SecretStr
from starlette.responses import HTMLResponse, Response

from backoffice.authority import opening, orders
from backoffice.authority.pins import PIN_CHARS_MAX, PIN_CHARS_MIN
from backoffice.commands import revoking, service
from backoffice.commands.endpoints import OrderDesk
from backoffice.devices import service as devices
from backoffice.errors import InvalidInput
from backoffice.machines import configuration
from backoffice.models import MachineCommand
from backoffice.routing import Router
from backoffice.settings import Settings
from backoffice.tls import certificates
from backoffice.web.page import Desk
from backoffice.web.pages.filters import NumberInPath
from backoffice.web.pages.machines import machine_page
from backoffice.web.pages.sent_form import SentForm
from backoffice.web.reads import choices
from backoffice.web.views import Refusal
from backoffice.workshop import AtDeskDep, DeskAdministratorDep, WorkshopDep

PLACE = "#orders"
CARD_PATIENCE_MS = 60_000
UNCHANGED = ""
AUTHORITY = "authority"
"""The form that stands before those which the authority signs."""

router = Router(include_in_schema=False)

NumberForm = Annotated[int, Form(ge=1, le=0xFFFFFFFF)]
TextForm = Annotated[str, Form(max_length=configuration.TEXT_MAX_CHARS)]
LongForm = Annotated[str, Form(max_length=configuration.CA_MAX_CHARS)]
DigitsForm = Annotated[str, Form(pattern="^[0-9]{0,10}$")]
ConfirmForm = Annotated[str, Form(max_length=20)]
PinForm = Annotated[SecretStr, Form(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]


class NotConfirmed(InvalidInput):
    """The machine's number was not typed."""

    code = "confirm"


class Counter(SentForm):
    """Where an administrator hands in a form of a machine's page, and is answered."""

    def order(
        self, machine_id: int, form: str, make: Callable[[OrderDesk], MachineCommand], **typed: object
    ) -> Response:
        """Order something in a transaction of its own."""

        def work() -> None:
            with self.workshop.begin() as session:
                desk = OrderDesk(session, self.workshop.context, self.viewer, self.workshop.now())
                desk.tell(make(desk))

        return self.do(machine_id, form, work, **typed)

    def do(self, machine_id: int, form: str, work: Callable[[], object], **typed: object) -> Response:
        """Do what the form asks for, and lead to the machine's orders."""
        at = f"/machines/{machine_id}"

        def done() -> str:
            work()
            return at + PLACE

        def show_again(desk: Desk, refusal: Refusal) -> HTMLResponse:
            return machine_page(desk, self.workshop, machine_id, refusal=refusal)

        return self.answer(done, show_again, at, form, **typed)


def get_counter(request: Request, viewer: DeskAdministratorDep, workshop: WorkshopDep) -> Counter:
    return Counter(request, viewer, workshop)


CounterDep = Annotated[Counter, Depends(get_counter)]


@router.post("/machines/{machine_id}/orders/lock")
def lock(counter: CounterDep, machine_id: NumberInPath, text: TextForm = "", confirm: ConfirmForm = "") -> Response:
    def order() -> None:
        _require_confirmed(machine_id, confirm)
        orders.lock(counter.workshop, counter.viewer, machine_id, text.strip())

    return counter.do(machine_id, "lock", order, text=text)


@router.post("/machines/{machine_id}/orders/unlock")
def unlock(counter: CounterDep, machine_id: NumberInPath) -> Response:
    return counter.do(machine_id, "unlock", lambda: orders.unlock(counter.workshop, counter.viewer, machine_id))


@router.post("/machines/{machine_id}/orders/revoke-batch")
def revoke_batch(
    counter: CounterDep, machine_id: NumberInPath, batch: NumberForm, confirm: ConfirmForm = ""
) -> Response:
    def order(desk: OrderDesk) -> MachineCommand:
        _require_confirmed(machine_id, confirm)
        return revoking.revoke_batch(*desk.at(machine_id), batch, desk.now)

    return counter.order(machine_id, "refuse", order, batch=batch)


@router.post("/machines/{machine_id}/orders/revoke-card")
def revoke_card(counter: CounterDep, machine_id: NumberInPath, batch: NumberForm, credit: NumberForm) -> Response:
    def order(desk: OrderDesk) -> MachineCommand:
        return revoking.revoke_credit(*desk.at(machine_id), batch, credit, desk.now)

    return counter.order(machine_id, "refuse", order, batch=batch, credit=credit)


@router.post("/machines/{machine_id}/orders/refund")
def refund(
    counter: CounterDep, machine_id: NumberInPath, card: Annotated[str, Form(pattern="^[0-9]{1,10}-[0-9]{1,10}$")]
) -> Response:
    batch, credit = (int(number) for number in card.split("-"))

    def order(desk: OrderDesk) -> MachineCommand:
        return service.refund(*desk.at(machine_id), batch, credit, desk.now)

    return counter.order(machine_id, "refund", order, card=card)


@router.post("/machines/{machine_id}/orders/set-time")
def set_time(counter: CounterDep, machine_id: NumberInPath) -> Response:
    def order(desk: OrderDesk) -> MachineCommand:
        return service.order(*desk.at(machine_id), uplink.SET_TIME, [], desk.now)

    return counter.order(machine_id, "clock", order)


@router.post("/machines/{machine_id}/orders/report-interval")
def change_report_interval(
    counter: CounterDep, machine_id: NumberInPath, interval_s: Annotated[int, Form(ge=10, le=86400)]
) -> Response:
    return _settings(counter, machine_id, "interval", {service.REPORT_SETTING: interval_s}, interval_s=interval_s)


@router.post("/machines/{machine_id}/orders/connection")
def change_connection(
    counter: CounterDep,
    machine_id: NumberInPath,
    transport: TextForm = UNCHANGED,
    wifi_ssid: TextForm = UNCHANGED,
    wifi_password: TextForm = UNCHANGED,
    server_host: TextForm = UNCHANGED,
    server_port: DigitsForm = UNCHANGED,
    server_tls: Annotated[str, Form(pattern="^(on|off)?$")] = UNCHANGED,
    server_name: TextForm = UNCHANGED,
    server_ca: LongForm = UNCHANGED,
    own_ca: Annotated[bool, Form()] = False,
    apn: TextForm = UNCHANGED,
    apn_user: TextForm = UNCHANGED,
    apn_password: TextForm = UNCHANGED,
    sim_pin: TextForm = UNCHANGED,
    sms_number: TextForm = UNCHANGED,
    sms_per_day: DigitsForm = UNCHANGED,
) -> Response:
    """What is left empty stays as it is on the machine."""
    shown: dict[str, Any] = {
        "transport": transport,
        "wifi_ssid": wifi_ssid,
        "server_host": server_host,
        "server_port": server_port,
        "server_tls": server_tls,
        "server_name": server_name,
        "server_ca": server_ca,
        "apn": apn,
        "apn_user": apn_user,
        "sms_number": sms_number,
        "sms_per_day": sms_per_day,
    }
    given: dict[str, Any] = {
        **shown,
        "server_port": int(server_port) if server_port else UNCHANGED,
        "server_tls": server_tls == "on" if server_tls else UNCHANGED,
        "server_ca": _own_authority(counter.workshop.context.settings) if own_ca else server_ca,
        "sms_per_day": int(sms_per_day) if sms_per_day else UNCHANGED,
        "wifi_password": wifi_password,
        "apn_password": apn_password,
        "sim_pin": sim_pin,
    }
    wanted = {name: value for name, value in given.items() if value != UNCHANGED}
    return _settings(counter, machine_id, "connection", wanted, **shown, own_ca=own_ca)


@router.post("/machines/{machine_id}/orders/{command_id}/cancel")
def cancel(counter: CounterDep, machine_id: NumberInPath, command_id: NumberInPath) -> Response:
    def order(desk: OrderDesk) -> MachineCommand:
        return service.cancel(desk.session, machine_id, command_id, desk.now)

    return counter.order(machine_id, "cancel", order)


@router.post("/authority/open")
def open_authority(
    counter: CounterDep, at_desk: AtDeskDep, device: NumberForm, pin: PinForm, machine: NumberForm
) -> Response:
    """Waits for the master card; then to the machine that an order is meant for."""
    workshop, viewer = counter.workshop, counter.viewer

    def work() -> None:
        with workshop.reading() as session:
            reader = devices.usable(session, device, *choices.CARD_READERS)
        at_desk.do(
            reader,
            f"{viewer.login} (authority)",
            lambda issuer: opening.open_authority(workshop, issuer, reader, pin, viewer.user_id, CARD_PATIENCE_MS),
        )

    return counter.do(machine, AUTHORITY, work, device=device)


@router.post("/authority/close")
def close_authority(counter: CounterDep, machine: NumberForm) -> Response:
    return counter.do(machine, AUTHORITY, counter.workshop.room.close)


def _settings(counter: Counter, machine_id: int, form: str, wanted: Mapping[str, Any], **typed: object) -> Response:
    return counter.order(machine_id, form, lambda desk: desk.change_settings(machine_id, dict(wanted)), **typed)


def _own_authority(settings: Settings) -> bytes | str:
    return certificates.authority_der(settings.tls_ca) if settings.tls_ca is not None else UNCHANGED


def _require_confirmed(machine_id: int, typed: str) -> None:
    if typed.strip() != str(machine_id):
        raise NotConfirmed()
