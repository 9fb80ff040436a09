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
    DEBIT_UNISSUED = "debit_unissued"
    """A machine debited what was never issued to it: kept, not counted."""
    DEBIT_REVOKED = "debit_revoked"
    """A machine debited a card after it had confirmed that the card, or its batch, is revoked."""
    REVOCATION_FAILED = "revocation_failed"
    """A machine did not revoke a batch or a card: it has no room to remember it, or the card was debited before."""
    ZONE_UNKNOWN = "zone_unknown"
    """An institution's time zone is not known to the server. Clears itself when its days are counted by it again."""
    MEANING_DEFERRED = "meaning_deferred"
    """A machine's entries are stored, but something kept them from being counted. Clears itself once they are."""
    SERVER_CLOCK = "server_clock"
    """The server's own clock is not believed. Clears itself when it is right again, or a person confirms it."""
    SMS_MODEM_AWAY = "sms_modem_away"
    """The SMS modem cannot be used: its cable, its SIM, its PIN. Clears itself when it can."""
    SMS_UNREADABLE = "sms_unreadable"
    """A short message in the modem's memory stays unreadable. Clears itself when none is left."""
    EXAM_RESTARTED = "exam_restarted"
    """A machine lost its power again and again during one exam: a bad supply, or somebody who pulls the plug."""


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
    Kind.DEBIT_UNISSUED: Severity.CRITICAL,
    Kind.DEBIT_REVOKED: Severity.CRITICAL,
    Kind.REVOCATION_FAILED: Severity.CRITICAL,
    Kind.ZONE_UNKNOWN: Severity.WARNING,
    Kind.MEANING_DEFERRED: Severity.CRITICAL,
    Kind.SERVER_CLOCK: Severity.CRITICAL,
    Kind.SMS_MODEM_AWAY: Severity.WARNING,
    Kind.SMS_UNREADABLE: Severity.INFO,
    Kind.EXAM_RESTARTED: Severity.WARNING,
}
