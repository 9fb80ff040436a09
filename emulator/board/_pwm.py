# The seldom methods of machine.PWM, as in ports/esp32/machine_pwm.c.
from micropython import const

_HZ_MAX = const(40000000)
_DEFAULT_HZ = const(5000)
_U16_MAX = const(65535)
_U10_MAX = const(1023)


def init(  # type: ignore[no-untyped-def]
    pwm,
    freq: int = -1,
    *,
    duty: int = -1,
    duty_u16: int = -1,
    duty_ns: int = -1,
    invert: bool = False,
    lightsleep: bool = False,
) -> None:
    # What is not said stays as it is.
    hz = freq if freq != -1 else pwm._freq or _DEFAULT_HZ
    if duty > _U10_MAX:
        raise ValueError("duty must be from 0 to 1023")
    if duty_u16 < 0 and duty_ns >= 0:
        duty_u16 = duty_ns * hz * (_U16_MAX + 1) // 1000000000
    elif duty_u16 < 0 and duty >= 0:
        duty_u16 = duty * _U16_MAX // _U10_MAX
    refuse(hz, max(0, duty_u16))
    pwm._freq = hz
    if duty_u16 >= 0:
        pwm._duty = duty_u16
    pwm._tell()


def refuse(hz: int, duty: int) -> None:
    # Out of range: says so.
    if not 0 < hz <= _HZ_MAX:
        raise ValueError("frequency must be from 1Hz to 40MHz")
    if not 0 <= duty <= _U16_MAX:
        raise ValueError("duty_u16 must be from 0 to 65536")


def deinit(pwm) -> None:  # type: ignore[no-untyped-def]
    pwm.duty_u16(0)
    pwm._freq = 0
