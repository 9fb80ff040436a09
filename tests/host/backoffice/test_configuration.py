"""The back office's table of machine settings is the firmware's own."""

import ast
import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from backoffice.errors import InvalidInput
from backoffice.machines import configuration

FIRMWARE = Path(__file__).parents[3] / "firmware" / "config.py"
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def firmware_value(name: str) -> Any:
    """The literal of that name in the firmware's source: its modules cannot be imported here."""
    for node in ast.parse(FIRMWARE.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            value = node.value
            return ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)
    raise AssertionError(f"firmware/config.py has no {name}")


def self_signed(*, ca: bool | None) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(MADE).not_valid_after(MADE + timedelta(days=1))
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    return builder.sign(key, SHA256())


def test_the_settings_are_the_firmwares() -> None:
    defaults = {name: setting.default for name, setting in configuration.SETTINGS.items()}
    theirs = firmware_value("DEFAULTS")
    assert defaults == theirs
    assert {name: type(value) for name, value in defaults.items()} == {
        name: type(value) for name, value in theirs.items()
    }


def test_the_bounds_are_the_firmwares() -> None:
    bounds = {name: setting.bounds for name, setting in configuration.SETTINGS.items() if setting.bounds}
    assert bounds == firmware_value("BOUNDS")
    assert firmware_value("_TEXT_MAX_CHARS") == configuration.TEXT_MAX_CHARS
    assert firmware_value("_BYTES_MAX") == configuration.CA_MAX_BYTES


def test_what_holds_when_nobody_set_it_may_be_set() -> None:
    defaults = {name: setting.default for name, setting in configuration.SETTINGS.items()}
    assert configuration.checked(defaults) == defaults


@pytest.mark.parametrize("name", sorted(name for name, found in configuration.SETTINGS.items() if found.bounds))
def test_bounds_are_part_of_what_may_be_set(name: str) -> None:
    bounds = configuration.SETTINGS[name].bounds
    assert bounds is not None
    for value in bounds:
        assert configuration.checked({name: value}) == {name: value}
    for value in (bounds[0] - 1, bounds[1] + 1):
        with pytest.raises(InvalidInput) as caught:
            configuration.checked({name: value})
        assert caught.value.detail == {"setting": name}


@pytest.mark.parametrize(
    "form",
    [
        lambda found: found.public_bytes(Encoding.PEM).decode(),
        lambda found: base64.b64encode(found.public_bytes(Encoding.DER)).decode(),
        lambda found: base64.encodebytes(found.public_bytes(Encoding.DER)).decode(),
    ],
)
def test_a_certificate_may_be_pem_or_base64(form: Callable[[x509.Certificate], str]) -> None:
    found = self_signed(ca=True)
    der = found.public_bytes(Encoding.DER)
    assert configuration.checked({"server_ca": form(found)}) == {"server_ca": der}
    assert configuration.checked({"server_ca": der}) == {"server_ca": der}
    assert configuration.checked({"server_ca": ""}) == {"server_ca": b""}


@pytest.mark.parametrize("ca", [False, None])
def test_only_an_authority_may_vouch(ca: bool | None) -> None:
    with pytest.raises(InvalidInput):
        configuration.checked({"server_ca": self_signed(ca=ca).public_bytes(Encoding.PEM).decode()})


@pytest.mark.parametrize("text", ["x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "AAAA", "é"])
def test_rubbish_is_no_certificate(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        configuration.checked({"server_ca": text})
    assert caught.value.detail == {"setting": "server_ca"}


def test_a_certificate_of_no_known_version() -> None:
    der = self_signed(ca=True).public_bytes(Encoding.DER)
    third = bytes.fromhex("a003020102")  # version 3, RFC 5280 4.1.2.1
    strange = der.replace(third, third[:-1] + b"\x05", 1)
    with pytest.raises(InvalidInput):
        configuration.checked({"server_ca": base64.b64encode(strange).decode()})


def test_secrets_are_shown_to_nobody() -> None:
    given = {"wifi_password": "hush", "apn_password": "", "sim_pin": "1234", "apn": "internet", "server_ca": b"\x30"}
    shown = configuration.public(given)
    assert (shown["wifi_password"], shown["apn_password"], shown["sim_pin"]) == ("***", "", "***")
    assert (shown["apn"], shown["server_ca"]) == ("internet", "SHA-256 5feceb66ffc86f38")


@pytest.mark.parametrize("order", ["wifi", "gprs,sms", "sms,gprs,wifi"])
def test_links_in_any_order(order: str) -> None:
    assert configuration.checked({"transport": order}) == {"transport": order}


@pytest.mark.parametrize("order", ["card", "wifi, gprs", "wifi,,gprs", ",", "WIFI"])
def test_links_that_are_none(order: str) -> None:
    with pytest.raises(InvalidInput):
        configuration.checked({"transport": order})


def test_the_same_settings_go_on_trial_as_in_the_firmware() -> None:
    source = ast.parse((FIRMWARE.parent / "trial.py").read_text())
    (users,) = (
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_USERS"
    )
    prefixes = tuple(prefix for prefix, _links in users)
    on_trial = {name for name, setting in configuration.SETTINGS.items() if setting.on_trial}
    assert on_trial == {name for name in configuration.SETTINGS if name.startswith(prefixes)}
