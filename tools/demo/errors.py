"""What can go wrong in a demonstration."""


class DemoFailed(Exception):
    """The play cannot go on; the text says why, for a person."""
