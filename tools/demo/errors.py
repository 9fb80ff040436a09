"""What can go wrong in a demonstration."""


class DemoFailed(Exception):
    """The play cannot go on; the text says why, for a person."""


class NoAnswer(DemoFailed):
    """The back office was gone before it answered, or could not be reached."""
