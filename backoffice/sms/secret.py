"""The secrets shared with the SMS platform, in one file of mode 0600 that ``perscan sms secret`` makes.

They never stand in a setting, on a command line, in a log or in an address that we call. Each has one use, so the
platform's side learns only what it needs.
"""

import hmac
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from backoffice import private_file
from backoffice.errors import SmsSecretError, SmsSecretExposed

FILE_VERSION = 1
FILE_MAX_BYTES = 4096
SECRET_BYTES = 32
SHORTEST_CHARS = 32
TAG_CHARS = 32
DELIVERY_LABEL = b"perscan/sms/delivery/"


@dataclass(frozen=True, repr=False)
class SmsSecrets:
    """What one platform and we know."""

    webhook: str
    """Signs requests of the webhook, in both directions."""
    kannel_in: str
    """What Kannel shows us: the name of its sms-service."""
    kannel_out: str
    """The password that we show Kannel."""
    delivery: str
    """Makes the tags of delivery reports. Nobody else knows it."""
    sim_pin: str = ""
    """Of the modem's SIM, if it has one."""

    @classmethod
    def fresh(cls, sim_pin: str = "") -> Self:
        """New ones. Letters and digits only: Kannel's files and addresses take them as they are."""
        made = [secrets.token_hex(SECRET_BYTES) for _ in range(4)]
        return cls(made[0], made[1], made[2], made[3], sim_pin)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file. Refuses one that anybody but its owner may read."""
        try:
            content = json.loads(private_file.read(path, FILE_MAX_BYTES, SmsSecretExposed))
            if content.pop("version") != FILE_VERSION:
                raise SmsSecretError("the version of the file with the SMS secrets is unknown")
            found = cls(**{name: str(value) for name, value in content.items()})
        except FileNotFoundError:
            raise SmsSecretError(f"there is no {path}: make it with `perscan sms secret`") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SmsSecretError("the file with the SMS secrets is damaged") from error
        if min(len(found.webhook), len(found.kannel_in), len(found.kannel_out), len(found.delivery)) < SHORTEST_CHARS:
            raise SmsSecretError("a secret in the file with the SMS secrets is too short")
        return found

    def write(self, path: Path) -> bool:
        """Make the file; False when there is one, which stays as it is."""
        return private_file.write_new(path, self._content())

    def replace(self, path: Path) -> None:
        """Put these in the place of those that became known."""
        private_file.replace(path, self._content())

    def _content(self) -> bytes:
        content = {
            "version": FILE_VERSION,
            "webhook": self.webhook,
            "kannel_in": self.kannel_in,
            "kannel_out": self.kannel_out,
            "delivery": self.delivery,
            "sim_pin": self.sim_pin,
        }
        return json.dumps(content, indent=1).encode() + b"\n"

    def delivery_tag(self, reference: int) -> str:
        """Proves, in the address that a delivery report calls, that we asked for it. Good for this one SMS only."""
        return hmac.new(self.delivery.encode(), DELIVERY_LABEL + str(reference).encode(), sha256).hexdigest()[
            :TAG_CHARS
        ]
