"""A request's body, read whole and bounded before anything else takes part: half a request holds no slot."""

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from backoffice.errors import TooLarge


class Gone(Exception):
    """The client hung up."""


async def read_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """The body. Raises TooLarge, before reading it when its length is announced; Gone when the client hangs up."""
    too_large = TooLarge(f"at most {limit_bytes} bytes are taken here")
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limit_bytes:
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise too_large
        more = message.get("more_body", False)
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def hung_up(receive: Receive) -> None:
    """Returns when the client hangs up; after the body nothing else can come."""
    while (await receive())["type"] != "http.disconnect":
        pass
