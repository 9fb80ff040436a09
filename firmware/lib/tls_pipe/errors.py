"""Why a protected connection did not come about, or ended."""


class TlsError(Exception):
    """``code``: bad_certificate (another CA, or none is set), wrong_name, expired, not_yet_valid (or our clock is
    behind), handshake (no common ground, or nonsense), closed."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
