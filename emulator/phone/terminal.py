"""What the network knows of a modem."""

from typing import Protocol


class Terminal(Protocol):
    """A phone that has registered. The network calls these; the phone never waits in them."""

    @property
    def number(self) -> str: ...

    def deliver(self, pdu: bytes) -> bool:
        """A message for the phone. False: its memory is full, or it is not there any more."""
        ...

    def report(self, pdu: bytes) -> None:
        """What became of a message that it sent: a STATUS-REPORT."""
        ...

    def cells_changed(self) -> None:
        """Coverage, or what the network thinks of phones, is not what it was."""
        ...

    def deactivate(self) -> None:
        """The network took the packet data context away."""
        ...
