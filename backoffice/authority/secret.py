"""A secret that lives in memory only and can be wiped."""

from types import TracebackType


class Secret:
    """Bytes that are overwritten when they are no longer needed. Never shown: `repr` tells nothing.

    Python may keep copies that a library made; wiping ours shortens the time in which a memory image tells it.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes) -> None:
        self._bytes = bytearray(value)

    @property
    def wiped(self) -> bool:
        return not self._bytes

    def reveal(self) -> bytes:
        """The bytes, for the moment of one computation. Raises ValueError after the wipe."""
        if not self._bytes:
            raise ValueError("this secret was wiped")
        return bytes(self._bytes)

    def wipe(self) -> None:
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes.clear()

    def __repr__(self) -> str:
        return "Secret(wiped)" if self.wiped else "Secret(...)"

    def __enter__(self) -> "Secret":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()
