"""The host link as the back office uses it: one method per call, answers checked, troubles as our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from backoffice.errors import BackOfficeError, DeviceAnswerWrong, DeviceRefused, DeviceSilent, DeviceUnreachable
from client.errors import BadAnswer, HostLinkError, LinkLost, LinkTimeout, Refused
from client.link import HostLink

SHORT_MS = 5_000
READ_MS = 10_000
HELLO_MS = 3_000
HELLO_ATTEMPTS = 4
WRITE_MS = 60_000
"""A whole Classic card with retries in the field takes a few seconds; more is a device that hangs."""


@dataclass(frozen=True)
class Hello:
    """Who answers at the port."""

    role: str | None
    machine_id: int | None
    epoch: int
    institution: int
    authority: bytes | None
    unique_id: str
    firmware: str


@dataclass(frozen=True)
class Shown:
    """The card that lies on the reader."""

    uid: bytes
    medium: str
    kind: str
    """blank, master, white, batch, one_time, service, foreign or torn."""
    header: bytes


class Issuer:
    """One device at the other end of a link."""

    def __init__(self, link: HostLink) -> None:
        self.link = link
        self.waiting = False
        """True while the device waits for a card: the only thing that may be cancelled."""

    def hello(self) -> Hello:
        answer = self._first_answer()
        if answer.get("device") != "perscan":
            raise DeviceAnswerWrong("what answers at this port is not a device of ours")
        authority = _hex(answer, "authority", optional=True)
        return Hello(
            role=_text(answer, "role", optional=True) or None,
            machine_id=_number(answer, "machine_id", optional=True) or None,
            epoch=_number(answer, "epoch", optional=True),
            institution=_number(answer, "institution", optional=True),
            authority=authority or None,
            unique_id=_text(answer, "unique_id"),
            firmware=_text(answer, "firmware"),
        )

    def status(self) -> dict[str, Any]:
        return self._call("status", {}, SHORT_MS)

    def wait_card(self, timeout_ms: int) -> Shown:
        """The card in the field, once there is one. Raises DeviceRefused (`timeout`, `cancelled`, ...)."""
        self.waiting = True
        try:
            with _as_our_errors("card.wait"):
                answer = self.link.wait_call("card.wait", timeout_ms)
        finally:
            self.waiting = False
        return Shown(
            _hex(answer, "uid"), _text(answer, "medium"), _text(answer, "kind"), _hex(answer, "header", optional=True)
        )

    def read(self, uid: bytes, kind: str, read_key: bytes) -> bytes:
        params = {"uid": uid.hex(), "kind": kind, "read_key": read_key.hex()}
        return _hex(self._call("card.read", params, READ_MS), "record")

    def write(self, uid: bytes, kind: str, record: bytes, read_key: bytes, write_key: bytes) -> None:
        """Personalise and verify; the same call again finishes a torn card."""
        params = {
            "uid": uid.hex(),
            "kind": kind,
            "record": record.hex(),
            "read_key": read_key.hex(),
            "write_key": write_key.hex(),
        }
        self._call("card.write", params, WRITE_MS)

    def drawn(self, uid: bytes, read_key: bytes, write_key: bytes) -> int:
        """What a white card's own counter says: the first credit that it has not given up."""
        return self._counter(uid, read_key, write_key, 0)

    def draw(self, uid: bytes, read_key: bytes, write_key: bytes, next_credit: int) -> None:
        """Move a white card's own counter; it never goes back."""
        if self._counter(uid, read_key, write_key, next_credit) != next_credit:
            raise DeviceAnswerWrong("the draw counter does not show what it was moved to")

    def _counter(self, uid: bytes, read_key: bytes, write_key: bytes, next_credit: int) -> int:
        params = {
            "uid": uid.hex(),
            "read_key": read_key.hex(),
            "write_key": write_key.hex(),
            "next_credit": next_credit,
        }
        return _number(self._call("card.draw", params, READ_MS), "next_credit")

    def erase(self, uid: bytes, kind: str, write_key: bytes) -> None:
        self._call("card.erase", {"uid": uid.hex(), "kind": kind, "write_key": write_key.hex()}, WRITE_MS)

    def read_service(self, uid: bytes) -> bytes:
        """The whole store of a service card."""
        return _hex(self._call("service.read", {"uid": uid.hex()}, READ_MS), "content")

    def write_service(self, uid: bytes, content: bytes) -> None:
        """Make the store of a service card this; the same call again finishes a torn one."""
        self._call("service.write", {"uid": uid.hex(), "content": content.hex()}, WRITE_MS)

    def format_service(self, uid: bytes) -> int:
        """Make a blank card a service card, or empty one: bytes of its store."""
        return _number(self._call("service.format", {"uid": uid.hex()}, WRITE_MS), "bytes")

    def bootstrap(self) -> None:
        """Make a blank device a master-card issuer, before there is a master card."""
        self._call("provision.bootstrap", {"role": "master_issuer"}, READ_MS)

    def begin_provisioning(self, role: str, machine_id: int, epoch: int) -> bytes:
        params = {"role": role, "machine_id": machine_id, "epoch": epoch}
        return _hex(self._call("provision.begin", params, SHORT_MS), "nonce")

    def read_master(self, uid: bytes, read_key: bytes) -> bytes:
        """The device reads the master card itself and learns the authority's key from it."""
        return _hex(self._call("provision.master", {"uid": uid.hex(), "read_key": read_key.hex()}, READ_MS), "record")

    def commit_provisioning(self, message: bytes, signature: bytes) -> int:
        params = {"message": message.hex(), "signature": signature.hex()}
        return _number(self._call("provision.commit", params, WRITE_MS), "machine_id")

    def _first_answer(self) -> dict[str, Any]:
        """A device that has just got its power needs a moment, and the first line may be garbled: ask again."""
        for _ in range(HELLO_ATTEMPTS - 1):
            try:
                return self._call("hello", {}, HELLO_MS)
            except DeviceSilent:
                continue
        return self._call("hello", {}, HELLO_MS)

    def _call(self, method: str, params: dict[str, Any], timeout_ms: int) -> dict[str, Any]:
        with _as_our_errors(method):
            return self.link.call(method, params, timeout_ms)


@contextmanager
def _as_our_errors(method: str) -> Iterator[None]:
    try:
        yield
    except HostLinkError as error:
        raise of_link_error(error, method) from error


def of_link_error(error: HostLinkError, method: str = "") -> BackOfficeError:
    """What a trouble on the host link means to the back office."""
    match error:
        case Refused():
            return DeviceRefused(error.message, reason=error.reason, method=method, **_details(error.data))
        case LinkLost():
            return DeviceUnreachable(error.message)
        case LinkTimeout():
            return DeviceSilent(error.message, method=method)
        case BadAnswer():
            return DeviceAnswerWrong(error.message)
        case _:
            return DeviceRefused(error.message, reason=error.reason, method=method)


def reason_of(error: BackOfficeError) -> str:
    """The stable word for why a device could not: its own reason, or our error's code."""
    return str(error.detail.get("reason", error.code))


def _details(data: dict[str, Any]) -> dict[str, Any]:
    """Only numbers and short texts of a device's error go on: it is the device's word, not ours."""
    return {
        name: value
        for name, value in data.items()
        if name not in ("reason", "method") and isinstance(value, int | str) and len(str(value)) <= 64
    }


def _text(answer: dict[str, Any], name: str, optional: bool = False) -> str:
    value = answer.get(name)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or len(value) > 64:
        raise DeviceAnswerWrong(f"the device's answer has no text {name!r}")
    return value


def _number(answer: dict[str, Any], name: str, optional: bool = False) -> int:
    value = answer.get(name)
    if value is None and optional:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise DeviceAnswerWrong(f"the device's answer has no number {name!r}")
    return value


def _hex(answer: dict[str, Any], name: str, optional: bool = False) -> bytes:
    value = answer.get(name)
    if value is None and optional:
        return b""
    try:
        return bytes.fromhex(value) if isinstance(value, str) else _raise_no_hex(name)
    except ValueError:
        return _raise_no_hex(name)


def _raise_no_hex(name: str) -> bytes:
    raise DeviceAnswerWrong(f"the device's answer has no hexadecimal {name!r}") from None
