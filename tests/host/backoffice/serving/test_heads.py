"""What a head may hold, and what of it goes on to whoever reads it."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from backoffice.admission.heads import COOKIES_MAX_CHARS, LINES_MAX, HeadBounds
from backoffice.serving.server import HEAD_MAX_BYTES
from tests.host.backoffice.serving.conftest import Office
from tests.host.backoffice.serving.wire import head

TOKEN = "A-z_0.~" * 6


def seen_behind(*lines: str) -> dict[str, str]:
    """The cookies that an application behind the middleware reads."""
    seen: dict[str, str] = {}

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.update(Request(scope).cookies)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def ignore(_message: Message) -> None:
        pass

    headers = [(b"cookie", line.encode()) for line in lines]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    asyncio.run(HeadBounds(application)(scope, nothing, ignore))
    return seen


def test_plain_cookies_go_on() -> None:
    assert seen_behind(f"perscan_session={TOKEN}; language=zh_Hans") == {
        "perscan_session": TOKEN,
        "language": "zh_Hans",
    }
    assert seen_behind(f'ill="; perscan_session={TOKEN}', "language=en") == {
        "perscan_session": TOKEN,
        "language": "en",
    }


@pytest.mark.parametrize(
    "line",
    [
        'perscan_session="' + "\\" * 2000 + '"',  # quoted: Python before 3.11.10 takes its time squared
        'other="' + "\\" * 2000 + '"',
        "perscan_session=" + "A" * 401,
        f"perscan_session={TOKEN}; other=" + "A" * COOKIES_MAX_CHARS,
        "perscan_session",
        "=",
        ";;;",
    ],
)
def test_nothing_else_does(line: str) -> None:
    assert seen_behind(line) == {}


def test_a_head_has_its_lines_and_its_bytes(office: Office) -> None:
    few = {f"x-{number}": "1" for number in range(LINES_MAX - 1)}  # and host
    with office.wire() as wire:
        assert wire.say(head("/health", **few)).answer().status == 200
        assert wire.say(head("/health", one_more="1", **few)).answer().status == 431
    with office.wire() as wire:
        wire.say(head("/health", x="A" * (HEAD_MAX_BYTES + 4096)))
        wire.until(b"HTTP/1.1 400 ")
