"""The library that the medical device's own software calls: wait for a card, learn whether the exam may start."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any

from client.errors import BadAnswer, HostLinkError, LinkLost, LinkTimeout, Refused
from client.link import HostLink, Notification

__all__ = ["BadAnswer", "Batch", "Client", "Grant", "HostLinkError", "LinkLost", "LinkTimeout", "Refused"]

DEFAULT_TIMEOUT_MS = 60_000
REFERENCE_CHARS = 32


@dataclass(frozen=True)
class Grant:
    """One credit was debited and the medical device is enabled."""

    batch: int
    credit: int
    seq: int
    left: int | None


@dataclass(frozen=True)
class Batch:
    """The swipe machine accepted a batch card: these credits are now good on it."""

    batch: int
    first: int
    count: int
    machine_id: int


class Client:
    """A swipe machine at a pyserial URL. A refusal is the exception `Refused` with its reason."""

    def __init__(self, port: str, on_notification: Notification | None = None) -> None:
        self.link = HostLink(port, on_notification=on_notification)

    def debit(self, timeout_ms: int = DEFAULT_TIMEOUT_MS, reference: str | None = None) -> Grant:
        """Wait for a one-time card and debit it. `reference` names the exam in the clinic's own system."""
        params: dict[str, Any] = {}
        if reference is not None:
            if len(reference) > REFERENCE_CHARS:
                raise ValueError(f"a reference has at most {REFERENCE_CHARS} characters")
            params["reference"] = reference
        answer = self.link.wait_call("swipe.debit", timeout_ms, params)
        balance = answer.get("balance")
        left = balance.get("left") if isinstance(balance, dict) else None
        return Grant(_number(answer, "batch"), _number(answer, "credit"), _number(answer, "seq"), left)

    def init_batch(self, timeout_ms: int = DEFAULT_TIMEOUT_MS) -> Batch:
        """Wait for a batch card and initialise the machine with it, once."""
        answer = self.link.wait_call("swipe.init_batch", timeout_ms)
        return Batch(*(_number(answer, name) for name in ("batch", "first", "count", "machine_id")))

    def end(self) -> int:
        """The exam is over: the medical device is disabled. Returns the journal's number of the end."""
        return _number(self.link.call("swipe.end"), "seq")

    def status(self) -> dict[str, Any]:
        """Who the machine is (`hello`) and how it is (`status`), in one dictionary."""
        return {**self.link.call("hello"), **self.link.call("status")}

    def watch(self, timeout_ms: int) -> None:
        """Hand what the machine says by itself to `on_notification` until the time is over."""
        self.link.listen(timeout_ms)

    def close(self) -> None:
        self.link.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _number(answer: dict[str, Any], name: str) -> int:
    value = answer.get(name)
    if not isinstance(value, int):
        raise BadAnswer(f"the device's answer has no number {name!r}")
    return value
