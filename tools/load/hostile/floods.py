"""Those who ask again as soon as they are answered, or without waiting for it."""

import json
import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tools.load.hostile.line import Line
from tools.load.hostile.loot import COOKIE, Account, Loot
from tools.load.http import request

JSON: Final = {"Content-Type": "application/json"}
PATHS: Final = ("/api/v1/me", "/", "/usage", "/api/v1/usage", "/machines")
PIPELINED: Final = 64
HEAD_BYTES: Final = 60_000
HEAD_LINE: Final = b"a:\r\n"
CHUNK: Final = b"1\r\nx\r\n"
NO_CHUNK: Final = b"zz\r\n"
LINES_TOO_MANY: Final = 70
CHUNKED_BYTES: Final = 16_000
LOGIN_NAMES: Final = 5_000
SMS_BYTES: Final = 4_000
REPORT_BYTES: Final = 4_000

Ask = Callable[[], bytes]


class Flood(Line):
    """The next request as soon as the last one is answered."""

    def __init__(self, happened: Counter[str], ask: Ask) -> None:
        super().__init__(happened)
        self._ask = ask

    def begin(self) -> None:
        self.transport.write(self._ask())

    def answered(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._ask())


class Pipeline(Flood):
    """Many requests in one piece; as many again when these are answered."""

    def __init__(self, happened: Counter[str], asked: bytes) -> None:
        super().__init__(happened, lambda: asked * PIPELINED)
        self._left = PIPELINED

    def answered(self) -> None:
        self._left -= 1
        if not self._left:
            self._left = PIPELINED
            super().answered()


def cookies(loot: Loot, place: int, happened: Counter[str]) -> Line:
    cookie = {"Cookie": f"{COOKIE}={_garbage(loot, 'cookie', place)}"}
    asked = request("GET", PATHS[place % len(PATHS)], loot.host, cookie)
    return Flood(happened, lambda: asked)


def bearers(loot: Loot, place: int, happened: Counter[str]) -> Line:
    bearer = {"Authorization": f"Bearer {_garbage(loot, 'bearer', place)}"}
    asked = request("GET", "/api/v1/me", loot.host, bearer)
    return Flood(happened, lambda: asked)


def pipeline(loot: Loot, place: int, happened: Counter[str]) -> Line:
    cookie = {"Cookie": f"{COOKIE}={_garbage(loot, 'pipeline', place)}"}
    return Pipeline(happened, request("GET", "/api/v1/me", loot.host, cookie))


def backslashes(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    """Older versions of Python take a time that grows with the square of these (CVE-2024-7592)."""
    cookie = '"' + "\\" * HEAD_BYTES + '"'
    asked = request("GET", "/login", loot.host, {"Cookie": f"{COOKIE}={cookie}"})
    return Flood(happened, lambda: asked)


def head_lines(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    whole = request("GET", "/login", loot.host)
    asked = whole[:-2] + HEAD_LINE * (HEAD_BYTES // len(HEAD_LINE)) + b"\r\n"
    return Flood(happened, lambda: asked)


def tiny_chunks(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    """Six bytes on the wire for one of a report."""
    head = request("POST", "/api/v1/uplink", loot.host, {"Transfer-Encoding": "chunked"})
    asked = head.replace(b"Content-Length: 0\r\n", b"") + CHUNK * CHUNKED_BYTES + b"0\r\n\r\n"
    return Flood(happened, lambda: asked)


class Early(Flood):
    """Begins a body that is refused before it is read, and goes on with what is no chunk."""

    def answered(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(NO_CHUNK)


def early_answers(loot: Loot, place: int, happened: Counter[str]) -> Line:
    """Refused for its origin, or for the number of its lines."""
    more = (
        {f"X-{number}": "1" for number in range(LINES_TOO_MANY)} if place % 2 else {"Origin": "http://elsewhere.test"}
    )
    head = request("POST", "/", loot.host, {"Transfer-Encoding": "chunked", **more})
    asked = head.replace(b"Content-Length: 0\r\n", b"")
    return Early(happened, lambda: asked)


def many_logins(loot: Loot, place: int, happened: Counter[str]) -> Line:
    fate = random.Random(f"{loot.seed}/many/{place}")  # noqa: S311 (a play, not a secret)
    return Flood(happened, lambda: _wrong_login(loot, f"user{fate.randrange(LOGIN_NAMES)}"))


def one_login(loot: Loot, _place: int, happened: Counter[str]) -> Line:
    asked = _wrong_login(loot, loot.victim)
    return Flood(happened, lambda: asked)


def garbage_reports(loot: Loot, place: int, happened: Counter[str]) -> Line:
    """Of two sorts: noise, and the envelope of a real machine around noise."""
    fate = random.Random(f"{loot.seed}/reports/{place}")  # noqa: S311 (a play, not a secret)

    def ask() -> bytes:
        noise = fate.randbytes(REPORT_BYTES)
        genuine = loot.overheard[fate.randrange(len(loot.overheard))]
        message = noise if fate.random() < 0.5 else genuine[: len(genuine) // 2] + noise[: len(genuine) // 2]
        return _report(loot, message)

    return Flood(happened, ask)


def replayed_reports(loot: Loot, place: int, happened: Counter[str]) -> Line:
    asked = _report(loot, loot.overheard[place % len(loot.overheard)])
    return Flood(happened, lambda: asked)


def garbage_sms(loot: Loot, place: int, happened: Counter[str]) -> Line:
    headers = {**JSON, "X-Perscan-Timestamp": "1", "X-Perscan-Signature": f"v1={_garbage(loot, 'sms', place)}"}
    body = json.dumps({"id": str(place), "from": "+4915100000", "data": "A" * SMS_BYTES}).encode()
    asked = request("POST", "/api/v1/sms/webhook", loot.host, headers, body)
    return Flood(happened, lambda: asked)


@dataclass
class Changer:
    """A low user whose connections know his newest cookie and password: one changes it, the others guess."""

    account: Account
    password: str
    cookie: str


_changers: dict[str, Changer] = {}


def passwords(loot: Loot, place: int, happened: Counter[str]) -> Line:
    account = loot.changers[place % len(loot.changers)]
    changer = _changers.setdefault(account.login, Changer(account, account.password, account.cookie))
    return Changing(happened, loot, changer, guesses=place >= len(loot.changers))


class Changing(Flood):
    """Changes the password again and again, or guesses the present one."""

    def __init__(self, happened: Counter[str], loot: Loot, changer: Changer, *, guesses: bool) -> None:
        super().__init__(happened, self._change)
        self._loot, self._changer, self._guesses = loot, changer, guesses
        self._new = ""

    def answered(self) -> None:
        if self.status == "200" and not self._guesses:
            self._changer.password = self._new
            _before, found, after = self.latest.partition(f"set-cookie: {COOKIE}=".encode())
            if found:
                self._changer.cookie = after.split(b";", 1)[0].decode("latin-1")
        super().answered()

    def _change(self) -> bytes:
        self._new = secrets.token_urlsafe(12)
        current = "surely not this" if self._guesses else self._changer.password
        headers = {**JSON, "Origin": self._loot.origin, "Cookie": f"{COOKIE}={self._changer.cookie}"}
        body = json.dumps({"current": current, "new": self._new}).encode()
        return request("POST", "/api/v1/password", self._loot.host, headers, body)


def _wrong_login(loot: Loot, login: str) -> bytes:
    body = json.dumps({"login": login, "password": "surely not this"}).encode()
    return request("POST", "/api/v1/login", loot.host, {**JSON, "Origin": loot.origin}, body)


def _report(loot: Loot, message: bytes) -> bytes:
    return request("POST", "/api/v1/uplink", loot.host, {"Content-Type": "application/cose"}, message)


def _garbage(loot: Loot, what: str, place: int) -> str:
    fate = random.Random(f"{loot.seed}/{what}/{place}")  # noqa: S311 (a play, not a secret)
    return fate.randbytes(32).hex()
