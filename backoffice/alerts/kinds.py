"""Kinds of alerts: stable words, each with how bad it is. Append-only."""

from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """How bad it is. The worst is the greatest."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Kind(StrEnum):
    """What happened."""

    GAP = "gap"
    """Entries of a journal are missing. Clears itself when they arrive."""
    FORK = "fork"
    """A machine reported two histories: its memory was restored from a copy, or the machine was cloned."""
    CHAIN_BROKEN = "chain_broken"
    """A genuine report does not chain to its own head: the firmware was changed or its memory is damaged."""
    DOUBLE_CREDIT = "double_credit"
    """One credit was debited twice."""
    FORGED_CARD = "forged_card"
    """A machine refused a card whose tag or signature was false."""
    MACHINE_FAULT = "machine_fault"
    """A part of a machine failed and was restarted."""
    READER_DEAD = "reader_dead"
    """A machine's card reader does not answer. Clears itself when it answers again."""
    MACHINE_SILENT = "machine_silent"
    """A machine did not report for several of its intervals. Clears itself when it reports."""
    RETIRED_MACHINE = "retired_machine"
    """A retired machine still reports."""
    CLOCK_WRONG = "clock_wrong"
    """A machine's clock is far off. Clears itself when it is right again."""
    MACHINE_LOCKED = "machine_locked"
    """A machine was locked by an order of the authority: it grants no exams. Clears itself when it is unlocked."""
    MACHINE_UNLOCKED = "machine_unlocked"
    """A machine was unlocked. Clears itself when it is locked again."""
    ORDER_REFUSED = "order_refused"
    """A machine did not obey an order to lock or unlock. Clears itself when it obeys a later one."""
    TRIAL_FAILED = "trial_failed"
    """A new connection did not work, and the machine went back to its old one. Clears itself when a new one works."""
    SMS_STUCK = "sms_stuck"
    """The SMS platform takes nothing. Clears itself when it takes a short message."""


SEVERITY = {
    Kind.GAP: Severity.WARNING,
    Kind.FORK: Severity.CRITICAL,
    Kind.CHAIN_BROKEN: Severity.CRITICAL,
    Kind.DOUBLE_CREDIT: Severity.CRITICAL,
    Kind.FORGED_CARD: Severity.WARNING,
    Kind.MACHINE_FAULT: Severity.WARNING,
    Kind.READER_DEAD: Severity.CRITICAL,
    Kind.MACHINE_SILENT: Severity.WARNING,
    Kind.RETIRED_MACHINE: Severity.WARNING,
    Kind.CLOCK_WRONG: Severity.INFO,
    Kind.MACHINE_LOCKED: Severity.WARNING,
    Kind.MACHINE_UNLOCKED: Severity.INFO,
    Kind.ORDER_REFUSED: Severity.CRITICAL,
    Kind.TRIAL_FAILED: Severity.WARNING,
    Kind.SMS_STUCK: Severity.WARNING,
}
