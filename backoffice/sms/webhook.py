"""Any SMS forwarding platform, by signed JSON over HTTP in both directions (docs/sms.md has the form)."""

import base64
import json
from typing import ClassVar

from pydantic import ValidationError

from backoffice.clock import Clock
from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms import http_client, signing
from backoffice.sms.platform import Inbox, parts_of
from backoffice.sms.schemas import WebhookAnswer

TRY_AGAIN = (401, 403, 404, 408, 425, 429)
"""Answers that are the platform's or its operator's trouble, not this message's."""


class WebhookPlatform:
    """Posts what is to be sent to one address."""

    name: ClassVar[str] = "webhook"

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock

    def start(self, inbox: Inbox) -> None:
        """Nothing to do: the platform calls us."""

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        """See Platform."""
        if not self._url:
            raise SmsPlatformUnreachable("PERSCAN_SMS_WEBHOOK_URL is not set")
        content = {
            "reference": str(reference),
            "to": number,
            "data": base64.b64encode(data).decode(),
            "parts": parts_of(data),
        }
        body = json.dumps(content, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"} | signing.headers(self._secret, self._clock(), body)
        status, answer = http_client.post(self._url, body, headers)
        if 200 <= status < 300:
            return _provider_id(answer)
        if status in TRY_AGAIN or status >= 500 or status < 400:
            raise SmsPlatformUnreachable(f"the platform answered {status}")
        raise SmsPlatformRefused(f"the platform answered {status}")

    def close(self) -> None:
        """Nothing is held."""


def _provider_id(answer: bytes) -> str | None:
    """Its number of the SMS, if it says one: {"id": "..."}. Whatever else it says is no reason to send it again."""
    try:
        return str(WebhookAnswer.model_validate_json(answer).id)
    except ValidationError:
        return None
