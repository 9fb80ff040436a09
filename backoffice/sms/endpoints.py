"""The SMS API: where platforms hand in, and what people look at.

An answer of 200 means: this SMS need not be handed in again. What it says is in the body, since an SMS that is refused
for what it is would be refused the next time too. Everything else is worth another attempt, or a look by an operator.
"""

import base64
import binascii
import hmac
from typing import Annotated, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, ValidationError

from backoffice.accounts.access import AdministratorDep, StaffDep
from backoffice.deps import ContextDep, NowDep, SessionDep
from backoffice.errors import SmsMalformed, SmsNoNumber, SmsNotAuthentic, TooLarge
from backoffice.machines import service as machines
from backoffice.models import SmsIn
from backoffice.pagination import CursorDep, Page, make_cursor_page
from backoffice.routing import Router
from backoffice.sms import kannel, service, signing
from backoffice.sms.gateway import SmsGateway
from backoffice.sms.platform import MAX_SMS_BYTES
from backoffice.sms.repository import PLACE_NUMBERS, Traffic
from backoffice.sms.schemas import (
    Direction,
    InState,
    OutState,
    SmsAsideRead,
    SmsDay,
    SmsRead,
    SmsTaken,
    WebhookDelivery,
    WebhookSms,
)

BODY_MAX_BYTES = 4096
DAYS_MAX = 400
SENT_STATES = {"sent": OutState.SENT, "delivered": OutState.DELIVERED, "failed": OutState.FAILED}
KANNEL_STATES = {
    kannel.DELIVERED: OutState.DELIVERED,
    kannel.UNDELIVERED: OutState.FAILED,
    kannel.QUEUED_AT_CENTRE: OutState.SENT,
    kannel.ACCEPTED_BY_CENTRE: OutState.SENT,
    kannel.REFUSED_BY_CENTRE: OutState.FAILED,
}

Sent = TypeVar("Sent", bound=BaseModel)

router = Router(prefix="/api/v1", tags=["sms"])


# What platforms call.


@router.post("/sms/webhook")
async def take_from_webhook(request: Request, context: ContextDep) -> SmsTaken:
    """Take an SMS from a forwarding platform. Signed by X-Perscan-Timestamp and X-Perscan-Signature."""
    wanted = await _signed(request, context.sms, WebhookSms)
    return _taken(await context.sms.take(wanted.id, wanted.sender, _bytes_of(wanted.data), wanted.sent_at))


@router.post("/sms/webhook/delivery", status_code=204, response_class=Response)
async def take_delivery_from_webhook(request: Request, context: ContextDep) -> None:
    """Take a delivery report from a forwarding platform. Signed like an SMS."""
    wanted = await _signed(request, context.sms, WebhookDelivery)
    await context.sms.take_delivery(int(wanted.reference), SENT_STATES[wanted.state])


@router.post("/sms/kannel", response_class=Response)
async def take_from_kannel(request: Request, context: ContextDep, id: str = "") -> Response:  # noqa: A002 (in its URL)
    """Take an SMS from Kannel's sms-service (post-url). The answer has no text: Kannel would send it to the machine."""
    _require_secret(request, context.sms.require("kannel").kannel_in)
    data = await _bounded_body(request, MAX_SMS_BYTES)
    if "x-kannel-udh" in request.headers:
        raise SmsMalformed("this is a part of an SMS: let Kannel join them (sms-combine-concatenated-mo = true)")
    taken = await context.sms.take(id, request.headers.get("x-kannel-from", ""), data)
    return Response(media_type="text/plain", headers={"X-Perscan-State": taken.state})


@router.get("/sms/kannel/delivery", response_class=Response)
async def take_delivery_from_kannel(context: ContextDep, reference: int, tag: str, status: int) -> Response:
    """Take a delivery report from Kannel (dlr-url). The tag proves that we asked for it."""
    expected = context.sms.require("kannel").delivery_tag(reference)
    if not hmac.compare_digest(expected.encode(), tag.encode()):
        raise SmsNotAuthentic()
    if status not in KANNEL_STATES:
        raise SmsMalformed("an unknown delivery status")
    await context.sms.take_delivery(reference, KANNEL_STATES[status])
    return Response(media_type="text/plain")


# What people look at.


@router.get("/sms")
def list_sms(
    _viewer: StaffDep,
    session: SessionDep,
    page: CursorDep,
    direction: Annotated[Direction | None, Query()] = None,
    machine_id: Annotated[int | None, Query()] = None,
    state: Annotated[str | None, Query(max_length=16)] = None,
    since: Annotated[int | None, Query()] = None,
    until: Annotated[int | None, Query()] = None,
) -> Page[SmsRead]:
    """Short messages in both directions, newest first."""
    wanted = Traffic(direction, machine_id, state, since, until)
    rows = service.traffic(session, wanted, page.limit + 1, page.after(PLACE_NUMBERS))
    return make_cursor_page(rows, page, lambda row: row, service.place)


@router.get("/sms/set-aside")
def list_sms_set_aside(_viewer: StaffDep, session: SessionDep, page: CursorDep) -> Page[SmsAsideRead]:
    """What left the modem's memory without being handed in: unreadable, half, longer than any report. Newest first."""
    rows = service.set_aside(session, page.limit + 1, page.after(1))
    return make_cursor_page(rows, page, lambda row: row, lambda row: (row.id,))


@router.get("/sms/days")
def count_sms_by_day(
    _viewer: StaffDep,
    session: SessionDep,
    now: NowDep,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 30,
    machine_id: Annotated[int | None, Query()] = None,
) -> list[SmsDay]:
    """How many short messages went in and out on each of the last days (UTC), newest first."""
    return service.days(session, now, days, machine_id=machine_id)


@router.post("/machines/{machine_id}/sms-push", status_code=201)
def push_by_sms(machine_id: int, _viewer: AdministratorDep, session: SessionDep, context: ContextDep) -> SmsRead:
    """Send a machine its waiting commands by SMS now instead of with the answer to its next report."""
    machines.find(session, machine_id)
    row = context.sms.push(session, machine_id, urgent=True)
    if row is None:
        raise SmsNoNumber()
    return service.read_out(row)


# How it is checked.


async def _signed(request: Request, gateway: SmsGateway, model: type[Sent]) -> Sent:
    secrets = gateway.require("webhook")
    body = await _bounded_body(request, BODY_MAX_BYTES)
    signing.verify(secrets.webhook, request.headers, body, gateway.clock())
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise SmsMalformed(f"{where}: {problem['msg']}" if where else problem["msg"]) from None


async def _bounded_body(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise TooLarge(f"at most {max_bytes} bytes are taken here")
    return bytes(body)


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise SmsMalformed("data: no base64") from None


def _require_secret(request: Request, secret: str) -> None:
    """What only our sms-service in Kannel's configuration knows, compared in constant time."""
    shown = request.headers.get(kannel.SERVICE_HEADER, "")
    if not hmac.compare_digest(secret.encode(), shown.encode()):
        raise SmsNotAuthentic()


def _taken(row: SmsIn) -> SmsTaken:
    return SmsTaken(state=InState(row.state), error=row.error)
