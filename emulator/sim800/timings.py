"""How long a SIM800 takes for what, in milliseconds."""

from dataclasses import dataclass


@dataclass
class Timings:
    """From the Hardware Design's power-on scenario and what boards show; a lone modem on a desk is given QUICK."""

    key_on: int = 1_000  # PWRKEY low at least this long switches on
    key_off: int = 1_500  # and off
    key_reset: int = 33_000
    status_low: int = 800  # STATUS has to be low this long before PWRKEY is looked at again
    status: int = 1_500  # from the key's second to STATUS high
    uart: int = 2_500  # and to the first command
    sim: int = 1_500  # after that: the SIM has been read
    register: int = 4_000  # after that: registered, if the network wants
    sms_ready: int = 1_000  # after that
    power_down: int = 2_000
    command: int = 5
    slow_command: int = 300  # what asks the SIM
    sms_submit: tuple[int, int] = (1_500, 4_000)
    attach: int = 1_200  # CGATT, CIICR
    detach: int = 700  # CIPSHUT
    connect: int = 300  # besides the network's own time


QUICK = Timings(
    key_on=1,
    key_off=1,
    status_low=1,
    status=1,
    uart=1,
    sim=5,
    register=20,
    sms_ready=5,
    power_down=20,
    command=1,
    slow_command=2,
    sms_submit=(10, 30),
    attach=20,
    detach=10,
    connect=5,
)
