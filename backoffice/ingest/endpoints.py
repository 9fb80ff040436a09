"""The uplink: where machines report."""

from typing import Annotated

from fastapi import Depends, Request, Response
from protocol.uplink import MAX_MESSAGE_BYTES

from backoffice.admission.clients import client_of
from backoffice.deps import ContextDep
from backoffice.errors import TooLarge, UplinkMalformed
from backoffice.ingest.service import Ingest
from backoffice.routing import Router

MEDIA_TYPE = "application/cose"

router = Router(prefix="/api/v1", tags=["uplink"])


async def get_ingest(context: ContextDep) -> Ingest:
    """The way in for reports."""
    return context.ingest


IngestDep = Annotated[Ingest, Depends(get_ingest)]


@router.post(
    "/uplink",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "The sealed ack, once the report is durable."}},
    openapi_extra={"requestBody": {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def take_report(request: Request, context: ContextDep, ingest: IngestDep) -> Response:
    """Take a machine's sealed report. Needs no login: the seal proves who sends it. Sending it twice does no harm."""
    taken = await ingest.take_incoming(await _bounded_body(request))
    if taken.stored.fresh and request.client is not None:
        context.honour(client_of(request.client.host))  # machines are there: their connections give way last
    return Response(taken.sealed_ack(), media_type=MEDIA_TYPE)


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_MESSAGE_BYTES:
            raise TooLarge(f"a report has at most {MAX_MESSAGE_BYTES} bytes")
    if not body:
        raise UplinkMalformed("the report is empty", reason="malformed")
    return bytes(body)
