"""TLS as somebody on the line sees it: records with a type and a length, no content (RFC 5246 6.2.1, RFC 8446 5.1)."""

from typing import Final

HEADER_BYTES: Final = 5
APPLICATION_DATA: Final = 23


class Records:
    """Follows one direction of a connection."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left_bytes = 0
        self._is_application = False

    def carries_data(self, chunk: bytes) -> bool:
        """Whether the chunk holds any byte of application data, be it a part of a record."""
        place, found = 0, False
        while place < len(chunk):
            if not self._left_bytes:
                wanted = HEADER_BYTES - len(self._head)
                self._head += chunk[place : place + wanted]
                place += wanted
                if len(self._head) < HEADER_BYTES:
                    break
                self._is_application = self._head[0] == APPLICATION_DATA
                self._left_bytes = int.from_bytes(self._head[3:5], "big")
                self._head.clear()
            taken = min(self._left_bytes, len(chunk) - place)
            found |= self._is_application and taken > 0
            self._left_bytes -= taken
            place += max(taken, 0)
        return found


class Plain:
    """The same of a connection without TLS: everything is data."""

    def carries_data(self, chunk: bytes) -> bool:
        return bool(chunk)
