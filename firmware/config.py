"""What the factory told this machine: who it is, whom it believes, how it reaches the back office.

Law of the file: "PC1", CBOR list of the fields in the order of FIELDS (new ones are appended), the first eight bytes
of SHA-256 over both. Written beside the old file and renamed, so a power cut leaves the one or the other.
"""

import hashlib
import os
from errno import ENOENT

from borrowed import Borrowed
from errors import Corrupt
from micropython import const
from protocol.errors import ProtocolError

PATH = "/config"
MAGIC = b"PC1"
DIGEST_BYTES = 8
FIELDS = (
    "role",
    "machine_id",
    "epoch",
    "institution",
    "authority_key",
    "machine_key",
    "institution_key",
    "settings",
    "trial",  # of new settings, which have to show that they work; trial.py has its law
)
ROLES = ("swipe", "master_issuer", "child_issuer")

# Settings and what they are when nobody set them.
DEFAULTS = {
    "language": "en",
    "require_client": False,  # act on a tap only while a client waits for one
    "exam_s": 1800,  # an exam that nobody ends is over after this
    "report_s": 300,  # a report at least this often, entries or not
    "transport": "wifi",  # links in the order in which they are preferred: "wifi,gprs,sms"
    "wifi_ssid": "",
    "wifi_password": "",
    "server_host": "",
    "server_port": 80,
    "server_path": "/api/v1/uplink",
    "server_tls": False,
    "server_name": "",  # in its certificate; empty: the host
    "server_ca": b"",  # the one certificate (DER) that may vouch for it
    "apn": "",
    "apn_user": "",
    "apn_password": "",
    "sim_pin": "",
    "sms_number": "",  # of the back office
    "sms_per_day": 40,
    "sms_gather_s": 3600,  # so long an entry may wait for others that go by the same SMS,
    "sms_min_entries": 48,  # unless there are so many of them
}

# Bounds of the numbers among them, both included. No pause may be nothing, none longer than the ticks can count.
BOUNDS = {
    "exam_s": (1, 86400),
    "report_s": (1, 86400),
    "server_port": (1, 65535),
    "sms_per_day": (0, 1000),
    "sms_gather_s": (1, 86400),
    "sms_min_entries": (1, 1000),
}
_TEXT_MAX_CHARS = const(128)
_BYTES_MAX = const(1024)


class Config:
    """The provisioned facts. Immutable but for the settings."""

    def __init__(
        self,
        role: str,
        machine_id: int,
        epoch: int,
        institution: int,
        authority_key: bytes | None,
        machine_key: bytes,
        institution_key: bytes,
        settings: dict[str, object],
        trial: "list[Any] | None" = None,
    ) -> None:
        self.role = role
        self.machine_id = machine_id
        self.epoch = epoch
        self.institution = institution
        self.authority_key = authority_key
        self.machine_key = machine_key  # empty on a bootstrapped master-card issuer, as the next
        self.institution_key = institution_key
        self.settings = settings
        self.trial: list[Any] = trial or []
        self.returned = False  # new settings have just been given up; the services that begin say so

    def text(self, name: str) -> str:
        """A setting that is a text, or what holds when nobody set it."""
        return str(self.settings.get(name, DEFAULTS[name]))

    def number(self, name: str) -> int:
        """A setting that is a number."""
        value = self.settings.get(name, DEFAULTS[name])
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        """A setting that is true or false."""
        return self.settings.get(name, DEFAULTS[name]) is True

    def octets(self, name: str) -> bytes:
        """A setting that is bytes."""
        value = self.settings.get(name, DEFAULTS[name])
        return value if isinstance(value, bytes) else b""

    def directory(self) -> str:
        """Where the journal and the batches of this provisioning live."""
        return "/p%d-%d" % (self.machine_id, self.epoch)

    def save(self, path: str = PATH) -> None:
        """In one step, or not at all."""
        with Borrowed("protocol.cbor") as cbor:
            body = MAGIC + cbor.encode([getattr(self, name) for name in FIELDS])
        with open(path + ".new", "wb") as file:
            file.write(body)
            file.write(_digest(body))
            file.flush()
        os.rename(path + ".new", path)

    @staticmethod
    def load(path: str = PATH) -> "Config | None":
        """The saved facts, None on a blank device."""
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            if error.errno == ENOENT:
                return None
            raise Corrupt("flash error %s" % error.errno) from None
        body = content[:-DIGEST_BYTES]
        if body[:3] != MAGIC or _digest(body) != content[-DIGEST_BYTES:]:
            raise Corrupt("not what was written")
        try:
            with Borrowed("protocol.cbor") as cbor:
                return Config(*cbor.decode(body[3:]))
        except (ProtocolError, TypeError) as error:
            raise Corrupt(str(error)) from None


def checked_settings(given: dict[str, object]) -> dict[str, object]:
    """The settings that this firmware knows, each of its default's type. Raises ValueError; others are ignored."""
    known = {}
    for name, value in given.items():
        if name not in DEFAULTS:
            continue
        default = DEFAULTS[name]
        if type(value) is not type(default):
            raise ValueError("setting %s" % name)
        if isinstance(value, str) and len(value) > _TEXT_MAX_CHARS:
            raise ValueError("setting %s" % name)
        if isinstance(value, bytes) and len(value) > _BYTES_MAX:
            raise ValueError("setting %s" % name)
        if name == "transport":
            _check_transport(str(value))
        if type(value) is int and not BOUNDS[name][0] <= value <= BOUNDS[name][1]:
            raise ValueError("setting %s" % name)
        known[name] = value
    return known


def _check_transport(setting: str) -> None:
    from links import order_of

    order_of(setting)


def _digest(body: bytes) -> bytes:
    return bytes(hashlib.sha256(body).digest()[:DIGEST_BYTES])


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
