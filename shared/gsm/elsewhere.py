"""What MicroPython has of its own and other interpreters have not. Boards never load this."""


def const(number: int) -> int:
    """MicroPython's compiler writes such a number where its name stands: on a board it costs nothing then."""
    return number
