"""What a machine can be told about itself: the mirror of the firmware's own table, so that a person hears at once
what the machine would refuse. A test holds this table against firmware/config.py.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from protocol import links

from backoffice.errors import InvalidInput

TEXT_MAX_CHARS = 128
CA_MAX_BYTES = 1024
CA_MAX_CHARS = 4096
NAME_MAX_CHARS = 32
MASK = "***"
NO_CERTIFICATE = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.ExtensionNotFound)
"""What `cryptography` raises at something that only looks like a certificate of an authority."""

Value = bool | int | str | bytes


@dataclass(frozen=True)
class Setting:
    """One setting: what it is when nobody set it, and what it may be."""

    default: Value
    bounds: tuple[int, int] | None = None
    """Of a number, both included."""
    on_trial: bool = False
    """True for what a machine reaches the server by: it tries a new value and returns to the old one by itself."""
    secret: bool = False
    """True for what is shown to nobody again."""


SETTINGS: Mapping[str, Setting] = {
    "language": Setting("en"),
    "require_client": Setting(False),
    "exam_s": Setting(1800, (1, 86400)),
    "report_s": Setting(300, (1, 86400)),
    "transport": Setting("wifi", on_trial=True),
    "wifi_ssid": Setting("", on_trial=True),
    "wifi_password": Setting("", on_trial=True, secret=True),
    "server_host": Setting("", on_trial=True),
    "server_port": Setting(80, (1, 65535), on_trial=True),
    "server_path": Setting("/api/v1/uplink", on_trial=True),
    "server_tls": Setting(False, on_trial=True),
    "server_name": Setting("", on_trial=True),
    "server_ca": Setting(b"", on_trial=True),
    "apn": Setting("", on_trial=True),
    "apn_user": Setting("", on_trial=True),
    "apn_password": Setting("", on_trial=True, secret=True),
    "sim_pin": Setting("", on_trial=True, secret=True),
    "sms_number": Setting("", on_trial=True),
    "sms_per_day": Setting(40, (0, 1000)),
    "sms_gather_s": Setting(3600, (1, 86400)),
    "sms_min_entries": Setting(48, (1, 1000)),
}
LANGUAGES = ("en", "zh")
AUTOMATIC_LINKS = (links.WIFI, links.GPRS, links.SMS)
PHONE_DIGITS = range(3, 20)
PIN_DIGITS = range(4, 9)


def checked(given: Mapping[str, Any]) -> dict[str, Value]:
    """Settings as a machine takes them; raises InvalidInput naming the first that it would refuse."""
    if not given:
        raise InvalidInput("no setting is given")
    return {name: _checked(name, value) for name, value in given.items()}


def public(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a person may see them: secrets masked, a certificate as its fingerprint."""
    return {name: _public(name, value) for name, value in settings.items()}


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of settings once they were answered."""
    return {name: MASK if _is_secret(name) and value else value for name, value in settings.items()}


def goes_on_trial(settings: Mapping[str, Any]) -> bool:
    """Whether the machine tries these before it keeps them."""
    return any(name in SETTINGS and SETTINGS[name].on_trial for name in settings)


def certificate(text: str) -> bytes:
    """The DER bytes of a CA certificate that was given as PEM or as base64."""
    try:
        if "-----BEGIN" in text:
            found = x509.load_pem_x509_certificate(text.encode())
        else:
            found = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
        is_authority = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except NO_CERTIFICATE as error:
        raise _wrong("server_ca", "is no certificate of an authority (PEM, or base64 of DER)") from error
    if not is_authority:
        raise _wrong("server_ca", "is a certificate, but not one of an authority")
    return found.public_bytes(Encoding.DER)


def _checked(name: str, given: Any) -> Value:
    setting = SETTINGS.get(name)
    if setting is None:
        raise _wrong(name, "is not known to the firmware")
    value: Value = given
    if isinstance(setting.default, bytes) and isinstance(given, str):
        value = certificate(given) if given else b""
    if type(value) is not type(setting.default):
        raise _wrong(name, f"has to be {_KINDS[type(setting.default)]}")
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, bytes) and len(value) > CA_MAX_BYTES:
        raise _wrong(name, f"has at most {CA_MAX_BYTES} bytes")
    elif isinstance(value, int) and setting.bounds and not setting.bounds[0] <= value <= setting.bounds[1]:
        raise _wrong(name, f"has to be from {setting.bounds[0]} to {setting.bounds[1]}")
    return value


def _check_text(name: str, value: str) -> None:
    if len(value) > TEXT_MAX_CHARS or not value.isprintable():
        raise _wrong(name, f"has at most {TEXT_MAX_CHARS} characters, and none that cannot be printed")
    check = _CHECKS.get(name)
    if check is not None and value:
        check(value)


def _check_transport(value: str) -> None:
    order = value.split(",")
    if not set(order) <= set(AUTOMATIC_LINKS) or len(set(order)) != len(order):
        raise _wrong("transport", f"is a list, each once, of {', '.join(AUTOMATIC_LINKS)}")


def _check_language(value: str) -> None:
    if value not in LANGUAGES:
        raise _wrong("language", f"is one of {', '.join(LANGUAGES)}")


def _check_host(value: str) -> None:
    if any(mark in value for mark in " /:@?#") or value.startswith("."):
        raise _wrong("server_host", "is a name or an IPv4 address, without scheme, port or path")


def _check_path(value: str) -> None:
    if not value.startswith("/") or " " in value or not value.isascii():
        raise _wrong("server_path", "starts with / and has no blanks")


def _check_phone(value: str) -> None:
    digits = value.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) in PHONE_DIGITS):
        raise _wrong("sms_number", "is a phone number: digits, with + before the country code")


def _check_pin(value: str) -> None:
    if not (value.isascii() and value.isdigit() and len(value) in PIN_DIGITS):
        raise _wrong("sim_pin", "has 4 to 8 digits")


def _public(name: str, value: Any) -> Any:
    if _is_secret(name):
        return MASK if value else ""
    if isinstance(value, bytes):
        return f"SHA-256 {hashlib.sha256(value).hexdigest()[:16]}" if value else ""
    return value


def _is_secret(name: str) -> bool:
    return name in SETTINGS and SETTINGS[name].secret


def _wrong(name: str, why: str) -> InvalidInput:
    return InvalidInput(f"{name[:NAME_MAX_CHARS]} {why}", setting=name[:NAME_MAX_CHARS])


_KINDS = {bool: "true or false", int: "a number", str: "a text", bytes: "bytes"}
_CHECKS = {
    "transport": _check_transport,
    "language": _check_language,
    "server_host": _check_host,
    "server_name": _check_host,
    "server_path": _check_path,
    "sms_number": _check_phone,
    "sim_pin": _check_pin,
}
