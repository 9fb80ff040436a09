"""What an administrator may order of a machine, and the authority's session that signs the orders that stop a clinic.

Each form leads back to the machine's page: to the order in the list, or to the words for what was wrong. What needs
the authority holds no request transaction: it makes short ones of its own, and may wait for a card.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Form
from protocol import uplink
from pydantic import SecretStr
from starlette.responses import RedirectResponse

from backoffice.authority import opening, orders
from backoffice.authority.pins import PIN_CHARS_MAX, PIN_CHARS_MIN
from backoffice.commands import service
from backoffice.commands.endpoints import OrderDesk, OrderDeskDep
from backoffice.devices import service as devices
from backoffice.errors import BackOfficeError
from backoffice.machines import configuration
from backoffice.models import MachineCommand
from backoffice.routing import Router
from backoffice.settings import Settings
from backoffice.tls import certificates
from backoffice.web.page import safe_next
from backoffice.web.pages.filters import NumberInPath
from backoffice.web.reads import choices
from backoffice.web.views import address
from backoffice.workshop import AtDeskDep, DeskAdministratorDep, WorkshopDep

PLACE = "#orders"
CARD_PATIENCE_MS = 60_000
UNCHANGED = ""

router = Router(include_in_schema=False)

NumberForm = Annotated[int, Form(ge=1, le=0xFFFFFFFF)]
TextForm = Annotated[str, Form(max_length=configuration.TEXT_MAX_CHARS)]
LongForm = Annotated[str, Form(max_length=configuration.CA_MAX_CHARS)]
DigitsForm = Annotated[str, Form(pattern="^[0-9]{0,10}$")]
ConfirmForm = Annotated[str, Form(max_length=20)]
PinForm = Annotated[SecretStr, Form(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]


class NotConfirmed(BackOfficeError):
    """The machine's number was not typed."""

    code = "confirm"


@router.post("/machines/{machine_id}/orders/lock")
def lock(
    viewer: DeskAdministratorDep,
    workshop: WorkshopDep,
    machine_id: NumberInPath,
    text: TextForm = "",
    confirm: ConfirmForm = "",
) -> RedirectResponse:
    def order() -> MachineCommand:
        _require_confirmed(machine_id, confirm)
        return orders.lock(workshop, viewer, machine_id, text.strip())

    return _then_look(machine_id, order)


@router.post("/machines/{machine_id}/orders/unlock")
def unlock(viewer: DeskAdministratorDep, workshop: WorkshopDep, machine_id: NumberInPath) -> RedirectResponse:
    return _then_look(machine_id, lambda: orders.unlock(workshop, viewer, machine_id))


@router.post("/machines/{machine_id}/orders/revoke-batch")
def revoke_batch(
    desk: OrderDeskDep, machine_id: NumberInPath, batch: NumberForm, confirm: ConfirmForm = ""
) -> RedirectResponse:
    def order() -> MachineCommand:
        _require_confirmed(machine_id, confirm)
        return service.revoke_batch(*desk.at(machine_id), batch, desk.now)

    return _told(desk, machine_id, order)


@router.post("/machines/{machine_id}/orders/revoke-card")
def revoke_card(
    desk: OrderDeskDep, machine_id: NumberInPath, batch: NumberForm, credit: NumberForm
) -> RedirectResponse:
    return _told(desk, machine_id, lambda: service.revoke_card(*desk.at(machine_id), batch, credit, desk.now))


@router.post("/machines/{machine_id}/orders/refund")
def refund(
    desk: OrderDeskDep, machine_id: NumberInPath, card: Annotated[str, Form(pattern="^[0-9]{1,10}-[0-9]{1,10}$")]
) -> RedirectResponse:
    batch, credit = (int(number) for number in card.split("-"))
    return _told(desk, machine_id, lambda: service.refund(*desk.at(machine_id), batch, credit, desk.now))


@router.post("/machines/{machine_id}/orders/set-time")
def set_time(desk: OrderDeskDep, machine_id: NumberInPath) -> RedirectResponse:
    return _told(desk, machine_id, lambda: service.order(*desk.at(machine_id), uplink.SET_TIME, [], desk.now))


@router.post("/machines/{machine_id}/orders/report-interval")
def change_report_interval(
    desk: OrderDeskDep, machine_id: NumberInPath, interval_s: Annotated[int, Form(ge=10, le=86400)]
) -> RedirectResponse:
    return _settings(desk, machine_id, {service.REPORT_SETTING: interval_s})


@router.post("/machines/{machine_id}/orders/connection")
def change_connection(
    desk: OrderDeskDep,
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
) -> RedirectResponse:
    """What is left empty stays as it is on the machine."""
    given: dict[str, Any] = {
        "transport": transport,
        "wifi_ssid": wifi_ssid,
        "wifi_password": wifi_password,
        "server_host": server_host,
        "server_port": int(server_port) if server_port else UNCHANGED,
        "server_tls": server_tls == "on" if server_tls else UNCHANGED,
        "server_name": server_name,
        "server_ca": _own_authority(desk.context.settings) if own_ca else server_ca,
        "apn": apn,
        "apn_user": apn_user,
        "apn_password": apn_password,
        "sim_pin": sim_pin,
        "sms_number": sms_number,
        "sms_per_day": int(sms_per_day) if sms_per_day else UNCHANGED,
    }
    return _settings(desk, machine_id, {name: value for name, value in given.items() if value != UNCHANGED})


@router.post("/machines/{machine_id}/orders/{command_id}/cancel")
def cancel(desk: OrderDeskDep, machine_id: NumberInPath, command_id: NumberInPath) -> RedirectResponse:
    return _told(desk, machine_id, lambda: service.cancel(desk.session, machine_id, command_id, desk.now))


@router.post("/authority/open")
def open_authority(
    viewer: DeskAdministratorDep,
    workshop: WorkshopDep,
    at_desk: AtDeskDep,
    device: NumberForm,
    pin: PinForm,
    to: TextForm = "/",
) -> RedirectResponse:
    """Waits for the master card."""
    back = safe_next(to)
    try:
        with workshop.reading() as session:
            reader = devices.usable(session, device, *choices.CARD_READERS)
        at_desk.do(
            reader,
            f"{viewer.login} (authority)",
            lambda issuer: opening.open_authority(workshop, issuer, reader, pin, viewer.user_id, CARD_PATIENCE_MS),
        )
    except BackOfficeError as error:
        return RedirectResponse(address(back, problem=error.code) + PLACE, 303)
    return RedirectResponse(back + PLACE, 303)


@router.post("/authority/close")
def close_authority(_viewer: DeskAdministratorDep, workshop: WorkshopDep, to: TextForm = "/") -> RedirectResponse:
    workshop.room.close()
    return RedirectResponse(safe_next(to) + PLACE, 303)


def _settings(desk: OrderDesk, machine_id: int, wanted: dict[str, Any]) -> RedirectResponse:
    return _told(desk, machine_id, lambda: desk.change_settings(machine_id, wanted))


def _own_authority(settings: Settings) -> bytes | str:
    return certificates.authority_der(settings.tls_ca) if settings.tls_ca is not None else UNCHANGED


def _require_confirmed(machine_id: int, typed: str) -> None:
    if typed.strip() != str(machine_id):
        raise NotConfirmed()


def _told(desk: OrderDesk, machine_id: int, order: Callable[[], MachineCommand]) -> RedirectResponse:
    def order_and_tell() -> MachineCommand:
        command = order()
        desk.tell(command)
        return command

    return _then_look(machine_id, order_and_tell)


def _then_look(machine_id: int, order: Callable[[], MachineCommand]) -> RedirectResponse:
    try:
        order()
    except BackOfficeError as error:
        setting = error.detail.get("setting")
        return RedirectResponse(address(f"/machines/{machine_id}", problem=error.code, setting=setting) + PLACE, 303)
    return RedirectResponse(f"/machines/{machine_id}{PLACE}", 303)
