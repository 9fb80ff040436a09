# The seldom methods of machine.PWM.


def deinit(pwm) -> None:  # type: ignore[no-untyped-def]
    pwm.duty_u16(0)
