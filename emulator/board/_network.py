# What a board seldom asks of its network module.
from micropython import const

AP_IF = const(1)
STAT_IDLE = const(1000)
STAT_CONNECTING = const(1001)
STAT_GOT_IP = const(1010)
STAT_NO_AP_FOUND = const(201)
STAT_WRONG_PASSWORD = const(202)


def country(code: str | None = None) -> str:
    return "XX"


def hostname(name: str | None = None) -> str:
    return "perscan"
