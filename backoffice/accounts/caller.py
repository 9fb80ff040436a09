"""Where a request with a password comes from: a network, and perhaps a device on which that login was used before.

A device is a browser that keeps a cookie: a random number, the seal of that number, and one tag for each login that got
in there, the newest first. Seal and tags are made with the keyring, so nobody makes a cookie without having got in, nor
a tag for a login whose password he does not know. The cookie opens nothing: it only says that a stranger's failures are
not this browser's (accounts/throttle.py), and that it does not wait among strangers (admission/middleware.py).
"""

import hmac
import re
import secrets

from fastapi import Request
from starlette.requests import HTTPConnection

from backoffice.accounts.throttle import Caller
from backoffice.admission.clients import client_of
from backoffice.keyring import Keyring

COOKIE = "perscan_device"
COOKIE_KEPT_S = 400 * 86400
LOGINS_MAX = 8
"""So many people may share a browser and each still be known there."""
TAG_PURPOSE = "known-device"
SEAL_PURPOSE = "device-number"
NUMBER_BYTES = 16
SHAPE = re.compile(rf"[0-9a-f]{{32}}\.[0-9a-f]{{32}}(\.[0-9a-f]{{32}}){{1,{LOGINS_MAX}}}")


def device_of(request: HTTPConnection, keyring: Keyring) -> str:
    """The number of the device, if somebody has got in there before: one MAC, no database. Empty for a stranger."""
    return _parts(keyring, request.cookies.get(COOKIE, ""))[0]


def caller_of(request: Request, keyring: Keyring, login: str) -> Caller:
    """Where somebody who calls himself ``login`` comes from."""
    number, tags = _parts(keyring, request.cookies.get(COOKIE, ""))
    address = client_of(request.client.host if request.client else None)
    return Caller(address, number if _tag(keyring, number, login) in tags else "")


def device_cookie(request: Request, keyring: Keyring, login: str) -> str:
    """The cookie of a browser in which this login has just been used."""
    number, tags = _parts(keyring, request.cookies.get(COOKIE, ""))
    number = number or secrets.token_hex(NUMBER_BYTES)
    own = _tag(keyring, number, login)
    others = [tag for tag in tags if tag != own]
    return ".".join([number, _seal(keyring, number), own, *others[: LOGINS_MAX - 1]])


def _parts(keyring: Keyring, cookie: str) -> tuple[str, list[str]]:
    """Number and tags; nothing of a cookie that we did not make."""
    if not SHAPE.fullmatch(cookie):
        return "", []
    number, seal, *tags = cookie.split(".")
    return (number, tags) if hmac.compare_digest(seal, _seal(keyring, number)) else ("", [])


def _seal(keyring: Keyring, number: str) -> str:
    return keyring.tag(SEAL_PURPOSE, number.encode()).hex()


def _tag(keyring: Keyring, number: str, login: str) -> str:
    return keyring.tag(TAG_PURPOSE, f"{number}\0{login}".encode()).hex()
