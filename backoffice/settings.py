"""What a person may set about the back office, by PERSCAN_* environment variables.

No setting is a secret: secrets live in the keyring file or are typed by a person.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from backoffice.clock import zone
from backoffice.errors import SettingsError

PREFIX = "PERSCAN_"


class Settings(BaseModel):
    """Settings of one back office process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str = "sqlite:///var/perscan.db"
    """Where the database is. This release runs on SQLite files."""
    database_max_bytes: int = Field(default=0, ge=0, le=1 << 44)
    """Quota of the database file; 0 = as large as the disk allows."""
    keyring_path: Path = Path("var/keyring.json")
    """The file with the keys that seal secrets at rest. Back it up apart from the database."""
    cache_path: Path = Path("var/cache")
    """Folder for what can be made again, such as the chart library. It may be emptied at any time."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_origin: str = ""
    """Scheme, host and port that browsers see (https://perscan.example) when a proxy stands in front."""
    cookie_secure: bool = False
    """Send the login cookie over HTTPS only. Set it wherever HTTPS is used."""
    login_lifetime_s: int = Field(default=12 * 3600, ge=300, le=30 * 86400)
    report_interval_s: int = Field(default=3600, ge=10, le=30 * 86400)
    """How often a machine is expected to report unless it is registered with another interval."""
    timezone: str = "UTC"
    """Time zone in which a day begins unless the institution has its own."""
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    log_json: bool = True

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

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Settings from PERSCAN_* variables; what is not set keeps its default."""
        environment = os.environ if environment is None else environment
        given = {
            name: environment[PREFIX + name.upper()]
            for name in cls.model_fields
            if PREFIX + name.upper() in environment
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [f"{PREFIX}{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()]
            raise SettingsError("; ".join(wrong)) from error
