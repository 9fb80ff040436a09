"""The one error of the SMS codec."""


class PduError(Exception):
    """These bytes are no SMS, or these values fit none. ``code`` says which part: cut_short, too_long, number,
    unknown_type, compressed, header, digits."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
