"""Kannel (Debian package, 1.4.5): its sendsms service out, its sms-service and delivery reports in.

Passwords and numbers travel in headers (Kannel User's Guide, "Using POST with sendsms"), not in addresses, so no access
log shows them. What comes in proves itself by the header X-Kannel-Service: it carries the sms-service's name out of
Kannel's configuration, and that name is the secret. (A user:password@ in post-url works too, but smsbox 1.4.5 writes
the whole address into its log as soon as we are away, and breaks a long Authorization header into lines.)

Kannel keeps a delivery report's address with each message and calls it with GET; instead of a password it carries a tag
that is good for that one SMS.
"""

from typing import ClassVar

from backoffice.errors import SmsPlatformRefused, SmsPlatformUnreachable
from backoffice.sms import http_client
from backoffice.sms.platform import Inbox
from backoffice.sms.secret import SmsSecrets

USER = "perscan"
SERVICE_HEADER = "X-Kannel-Service"
DELIVERED, UNDELIVERED, QUEUED_AT_CENTRE, ACCEPTED_BY_CENTRE, REFUSED_BY_CENTRE = 1, 2, 4, 8, 16
DLR_MASK = DELIVERED | UNDELIVERED | ACCEPTED_BY_CENTRE | REFUSED_BY_CENTRE
EIGHT_BIT = 1
OUR_TROUBLE = (401, 403, 404, 408, 429)
"""Wrong password or address: an operator mends it, and the message is still good then."""


class KannelPlatform:
    """One Kannel."""

    name: ClassVar[str] = "kannel"

    def __init__(self, url: str, own_number: str, callback_url: str, secrets: SmsSecrets) -> None:
        self._url = url
        self._own_number = own_number
        self._callback_url = callback_url.rstrip("/")
        self._secrets = secrets

    def start(self, inbox: Inbox) -> None:
        """Nothing to do: Kannel calls us."""

    def send(self, number: str, data: bytes, reference: int) -> str | None:
        """See Platform. Kannel splits what is longer than one SMS; it tells no number of its own."""
        status, answer = http_client.post(self._url, data, self._headers(number, reference))
        if status == 202:  # "0: Accepted for delivery" or "3: Queued for later delivery"
            return None
        if status in OUR_TROUBLE or status >= 500 or status < 400:
            raise SmsPlatformUnreachable(f"Kannel answered {status}")
        raise SmsPlatformRefused(f"Kannel answered {status}: {answer[:80].decode('latin-1')}")

    def close(self) -> None:
        """Nothing is held."""

    def _headers(self, number: str, reference: int) -> dict[str, str]:
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Kannel-Username": USER,
            "X-Kannel-Password": self._secrets.kannel_out,
            "X-Kannel-To": number,
            "X-Kannel-Coding": str(EIGHT_BIT),
        }
        if self._own_number:
            headers["X-Kannel-From"] = self._own_number
        if self._callback_url:
            headers["X-Kannel-DLR-Mask"] = str(DLR_MASK)
            headers["X-Kannel-DLR-URL"] = (
                f"{self._callback_url}/api/v1/sms/kannel/delivery"
                f"?reference={reference}&tag={self._secrets.delivery_tag(reference)}&status=%d"
            )
        return headers
