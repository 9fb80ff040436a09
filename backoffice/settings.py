"""What a person may set about the back office, by PERSCAN_* environment variables; docs/settings.md is made from it.

No setting is a secret: secrets live in the keyring file or are typed by a person.
"""

import logging
import os
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from backoffice.clock import zone
from backoffice.errors import SettingsError

PREFIX = "PERSCAN_"
NOT_OURS = frozenset({"PERSCAN_DEVICE", "PERSCAN_NO_BROWSER", "PERSCAN_NO_KANNEL"})
"""Of the client's command and of the tests."""

log = logging.getLogger(__name__)


def _in_data_path(name: str) -> Any:
    return Field(default_factory=lambda given: given["data_path"] / name)


class Settings(BaseModel):
    """Settings of one back office process."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    data_path: Path = Field(default_factory=lambda: user_data_path("perscan", appauthor=False).absolute())
    """Folder of everything that is not placed by a setting of its own. By default it is this user's, wherever the
    server was started: `$XDG_DATA_HOME/perscan`, or `~/.local/share/perscan` (XDG Base Directory Specification)."""
    database_url: str = Field(default_factory=lambda given: f"sqlite:///{given['data_path'] / 'perscan.db'}")
    """Where the database is. This release runs on SQLite files."""
    database_max_bytes: int = Field(default=0, ge=0, le=1 << 44)
    """Quota of the database file; 0 = as large as the disk allows."""
    keyring_path: Path = _in_data_path("keyring.json")
    """The file with the keys that seal secrets at rest. Back it up apart from the database."""
    cache_path: Path = _in_data_path("cache")
    """Folder for what can be made again, such as the chart library. It may be emptied at any time."""
    host: str = "127.0.0.1"
    """Address to listen on. Anything but this computer's own needs TLS: a certificate here, or a proxy in front."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_origin: str = ""
    """Scheme, host and port that browsers see (https://perscan.example) when a proxy stands in front."""
    trusted_proxies: str = ""
    """Addresses or networks, separated by commas, of the proxies that stand in front: only those are believed when they
    say in X-Forwarded-For for whom they ask. Without it, everybody behind a proxy is one client."""
    cookie_secure: bool = False
    """Send the login cookie over HTTPS only. Set it wherever a proxy speaks HTTPS; with a certificate of our own it is
    set unless told otherwise."""
    tls_certificate: Path | None = None
    """The server's certificate (PEM, with what lies between it and the authority): serve HTTPS, not HTTP."""
    tls_key: Path | None = None
    """Its private key (PEM), readable by its owner only."""
    tls_ca: Path | None = None
    """The authority (PEM) that provisioning tells machines to trust; `perscan tls make` makes one."""
    login_lifetime_s: int = Field(default=12 * 3600, ge=300, le=30 * 86400)
    """How long a login lasts."""
    report_interval_s: int = Field(default=3600, ge=10, le=30 * 86400)
    """How often a machine is expected to report unless it is registered with another interval."""
    timezone: str = "UTC"
    """In which pages show what happened at no institution (log-ins, orders, short messages), and which a
    new institution has unless it is given one. It counts no exam: a day is its institution's own (backoffice.days).
    """
    sms_platform: str = Field(default="none", pattern="^(none|webhook|kannel|modem)$")
    """Who carries short messages: none, a webhook of any forwarding platform, kannel, or a modem on a serial port."""
    sms_secret_path: Path = _in_data_path("sms.json")
    """The file with the secrets shared with the platform; `perscan sms secret` makes it."""
    sms_number: str = Field(default="", pattern=r"^\+?[0-9]{0,20}$")
    """Our own number, as machines dial it; named as the sender where the platform wants to know."""
    sms_webhook_url: str = Field(default="", pattern=r"^(https?://.+)?$")
    """Where the platform takes what is to be sent (webhook)."""
    sms_kannel_url: str = Field(default="http://127.0.0.1:13013/cgi-bin/sendsms", pattern="^https?://.+$")
    """Kannel's sendsms service."""
    sms_callback_url: str = Field(default="", pattern=r"^(https?://.+)?$")
    """Scheme, host and port at which Kannel reaches us with delivery reports; empty = it is not asked for any."""
    sms_modem_port: str = ""
    """The modem's serial port, or any URL that pyserial knows."""
    sms_modem_baud: int = Field(default=115200, ge=1200, le=921600)
    """Speed of the modem's serial port."""
    sms_per_machine_day: int = Field(default=200, ge=1, le=10_000)
    """So many short messages at most go to one machine in 24 hours: what a machine gone wild may cost."""
    sms_per_minute: int = Field(default=600, ge=1, le=100_000)
    """So many are taken in from the platform in a minute; it is told to hand the others in later."""
    sms_keep_days: int = Field(default=400, ge=1, le=3650)
    """How long the lists of short messages go back. Journals are not affected."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """The least that is logged: debug, info, warning or error."""
    log_json: bool = True
    """Log lines as JSON; otherwise for people to read."""

    @model_validator(mode="before")
    @classmethod
    def _secure_cookies(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("tls_certificate"):
            return {"cookie_secure": True} | given
        return given

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("a certificate needs its key, and a key its certificate")
        return self

    @field_validator("data_path")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.absolute()

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        zone(name)
        return name

    @field_validator("database_url")
    @classmethod
    def _sqlite_file(cls, url: str) -> str:
        if not url.startswith("sqlite:///") or len(url) == len("sqlite:///"):
            raise ValueError("only sqlite:///FILE is supported")
        return url

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, listed: str) -> str:
        for one in filter(None, (part.strip() for part in listed.split(","))):
            ip_network(one)
        return listed

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies, one by one."""
        return [part.strip() for part in self.trusted_proxies.split(",") if part.strip()]

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def speaks_https(self) -> bool:
        """Whether browsers reach the server over HTTPS: its own, or that of the proxy which these settings speak of."""
        return self.tls_certificate is not None or self.cookie_secure or self.public_origin.startswith("https://")

    @classmethod
    def _unknown(cls, environment: Mapping[str, str]) -> list[str]:
        """What looks like a setting and is none, in words: whoever mistypes a name is not left to believe in it."""
        known = [name.upper() for name in cls.model_fields]
        words = []
        for name in sorted(name for name in environment.keys() - NOT_OURS if name.startswith(PREFIX)):
            given = name.removeprefix(PREFIX)
            if given not in known:
                meant = "".join(f" Is {PREFIX}{one} meant?" for one in get_close_matches(given, known, n=1))
                words.append(f"{name} is no setting and changes nothing.{meant}")
        return words

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Settings from PERSCAN_* variables; what is not set keeps its default."""
        environment = os.environ if environment is None else environment
        for words in cls._unknown(environment):
            log.warning(words)
        given = {
            name: environment[PREFIX + name.upper()]
            for name in cls.model_fields
            if PREFIX + name.upper() in environment
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [f"{PREFIX}{str((*item['loc'], 'TLS_KEY')[0]).upper()}: {item['msg']}" for item in error.errors()]
            raise SettingsError("; ".join(wrong)) from error
