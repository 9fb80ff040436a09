"""For whom a proxy asks is believed only from a proxy that is trusted by name."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from fastapi import FastAPI, Request

from backoffice.cli import _listen
from backoffice.context import Context
from backoffice.errors import SettingsError
from backoffice.serving.server import make_server
from backoffice.settings import Settings
from tests.host.backoffice.serving.wire import PATIENCE_S, Wire

SAID = "203.0.113.9"


@contextmanager
def serving(context: Context, proxies: Sequence[str]) -> Iterator[int]:
    app = FastAPI()
    app.state.context = context

    @app.get("/who")
    async def who(request: Request) -> str:
        return request.client.host if request.client else ""

    listener = _listen(context.settings.model_copy(update={"port": 0}))
    port = listener.getsockname()[1]
    server = make_server(app, listener, trusted_proxies=proxies)
    ready: Future[None] = Future()

    async def serve() -> None:
        ready.set_result(None)
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.result(PATIENCE_S)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.mark.parametrize(
    ("proxies", "source", "heard"),
    [
        ([], "127.0.0.1", "127.0.0.1"),
        (["127.0.0.5"], "127.0.0.5", SAID),
        (["127.0.0.5"], "127.0.0.6", "127.0.0.6"),
        (["127.0.0.0/29"], "127.0.0.6", SAID),
    ],
)
def test_only_trusted_proxies_are_believed(context: Context, proxies: list[str], source: str, heard: str) -> None:
    with serving(context, proxies) as port, Wire(port, source) as wire:
        answer = wire.ask("/who", x_forwarded_for=SAID).answer()
    assert answer.body.decode() == f'"{heard}"'


def test_proxies_are_a_setting() -> None:
    found = Settings.from_environment({"PERSCAN_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    assert found.proxies == ["127.0.0.1", "10.0.0.0/8"]
    assert Settings.from_environment({}).proxies == []
    for wrong in ("proxy.example", "10.0.0.1/8", "*"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            Settings.from_environment({"PERSCAN_TRUSTED_PROXIES": wrong})
