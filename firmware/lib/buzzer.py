"""A piezo buzzer that plays short patterns while everything else goes on."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import PWM

    Pattern = tuple[tuple[int, int], ...]

_LOUD = 32768  # half of the time on: as loud as a piezo gets


class Buzzer:
    """A pattern is a tuple of (tone in Hz or 0 for silence, ms). A new one takes over from the one that plays."""

    def __init__(self, pwm: "PWM") -> None:
        self._pwm = pwm
        self._turn = 0
        self._task: asyncio.Task[None] | None = None
        pwm.duty_u16(0)

    def play(self, pattern: "Pattern") -> None:
        """Start it and return at once; needs a running event loop."""
        self._turn += 1
        self._task = asyncio.create_task(self._run(pattern, self._turn))

    async def _run(self, pattern: "Pattern", turn: int) -> None:
        for tone_hz, ms in pattern:
            if turn != self._turn:
                return  # whoever came later has the buzzer now
            if tone_hz:
                self._pwm.freq(tone_hz)
            self._pwm.duty_u16(_LOUD if tone_hz else 0)
            await asyncio.sleep_ms(ms)
        if turn == self._turn:
            self._pwm.duty_u16(0)
