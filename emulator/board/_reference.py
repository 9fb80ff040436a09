# A piece of work that is always the same and takes no heap: what other code takes of the CPU, in such loops, says
# nothing of how fast the host is and of what else it does (benchmarks/interpreter.py).
from micropython import const

_ROUNDS = const(500)
_table = bytes((7, 1, 12, 3, 9, 15, 4, 2, 11, 5, 14, 6, 13, 8, 10, 0))


class _Step:
    # What a driver's code does all day: look up names, call, index, calculate, decide.
    def __init__(self) -> None:
        self.state = 1

    def go(self, value: int) -> int:
        if value & 8:
            self.state = self.state + value & 0x3FFF
        return self.state


_step = _Step()


def loop() -> None:
    total = 0
    for number in range(_ROUNDS):
        total = (total + _table[number & 15] * 3) & 0x3FFF
        total ^= _step.go(total)
