"""What tests of short messages share: a counter in the place of the platform, and a signed hand-in."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import SQLModel, select

from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.models import SmsIn, SmsOut
from backoffice.sms import signing, worker
from backoffice.sms.platform import Inbox
from backoffice.sms.secret import SmsSecrets

NUMBER = "+8613800000001"
OTHER_NUMBER = "+8613800000002"


@dataclass
class Counter:
    """The counter where the back office hands over: it writes down what it got. It stands in for a platform that is
    not ours; the real ones are in test_kannel.py, test_webhook.py and test_modem.py."""

    name: ClassVar[str] = "webhook"
    got: list[tuple[str, bytes, int]] = field(default_factory=list)
    trouble: Exception | None = None
    number: str = ""
    """Its own number of the next message; empty: made of ours."""
    while_sending: Callable[[], object] = lambda: None

    def start(self, inbox: Inbox) -> None:
        """Nobody is asked."""

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        if self.trouble is not None:
            raise self.trouble
        self.got.append((number, data, reference))
        self.while_sending()
        return self.number or f"p{reference}"

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Forwarder:
    """An SMS forwarding platform's side of the webhook."""

    client: TestClient
    context: Context
    secrets: SmsSecrets
    handed_in: int = 0

    def hand_in(self, data: bytes, sender: str = NUMBER, provider_id: str | None = None, **more: object) -> Response:
        self.handed_in += 1
        content = {
            "id": provider_id or f"m{self.handed_in}",
            "from": sender,
            "data": base64.b64encode(data).decode(),
            **more,
        }
        return self.post("/api/v1/sms/webhook", json.dumps(content).encode())

    def deliver(self, reference: int, state: str) -> Response:
        body = json.dumps({"reference": str(reference), "state": state}).encode()
        return self.post("/api/v1/sms/webhook/delivery", body)

    def post(self, path: str, body: bytes, secret: str = "", at: int | None = None) -> Response:
        now = self.context.clock() if at is None else at
        headers = signing.headers(secret or self.secrets.webhook, now, body) | {"Content-Type": "application/json"}
        return self.client.post(path, content=body, headers=headers)


def rows(context: Context, model: type[SQLModel]) -> list[SQLModel]:
    with transaction(context.engine, READ) as session:
        return list(session.exec(select(model)).all())


def coming(context: Context) -> list[SmsIn]:
    return [row for row in rows(context, SmsIn) if isinstance(row, SmsIn)]


def going(context: Context) -> list[SmsOut]:
    return [row for row in rows(context, SmsOut) if isinstance(row, SmsOut)]


def work(context: Context) -> None:
    """One round of the worker."""
    asyncio.run(worker.round_(context.sms))
