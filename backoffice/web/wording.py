"""What codes mean, in a sentence a person understands. The codes are stable, the sentences are not."""

from collections.abc import Mapping

from protocol import journal

from backoffice.alerts.kinds import Kind
from backoffice.issuing import steps
from backoffice.web.i18n import Translator, mark

REASONS: Mapping[str, str] = {
    "used": mark("already used"),
    "still_running": mark("its exam is still running"),
    "other_batch": mark("of a batch that this machine does not have"),
    "other_machine": mark("made for another machine"),
    "other_institution": mark("made for another institution"),
    "foreign": mark("not one of our cards"),
    "forged": mark("forged: its signature is wrong"),
    "damaged": mark("damaged: cannot be read in full"),
    "removed_early": mark("taken away too early"),
    "two_cards": mark("two cards at once"),
    "not_initialised": mark("the machine has no batch yet"),
    "locked": mark("the machine is locked"),
    "expired": mark("expired"),
    "revoked": mark("revoked"),
    "out_of_range": mark("outside the range that was signed"),
    "not_in_chain": mark("not signed by the level above"),
    "second_master": mark("of another master card"),
    "batch_used": mark("this batch card has been used before"),
    "reader_lost": mark("the card reader did not answer"),
    "storage_full": mark("no room left for the journal"),
    "storage_failed": mark("the memory could not be written"),
    "busy": mark("the device was busy"),
    "cancelled": mark("called off"),
    "timeout": mark("no card in time"),
    "wrong_card": mark("a card of another kind"),
    "wrong_role": mark("the device has another task"),
    "not_provisioned": mark("the device is not provisioned"),
    "weak_medium": mark("this kind of card is too weak"),
    "clock_unknown": mark("the machine does not know the time"),
    "service_full": mark("the service card has no room left"),
}

ALERTS: Mapping[str, str] = {
    Kind.GAP: mark("Journal entries are missing"),
    Kind.FORK: mark("A machine told two histories"),
    Kind.CHAIN_BROKEN: mark("A report contradicts itself"),
    Kind.DOUBLE_CREDIT: mark("One card was debited twice"),
    Kind.FORGED_CARD: mark("A forged card was refused"),
    Kind.MACHINE_FAULT: mark("A part of a machine was restarted"),
    Kind.READER_DEAD: mark("A card reader does not answer"),
    Kind.MACHINE_SILENT: mark("A machine is silent"),
    Kind.RETIRED_MACHINE: mark("A retired machine still reports"),
    Kind.CLOCK_WRONG: mark("A machine's clock is wrong"),
    Kind.MACHINE_LOCKED: mark("A machine is locked"),
    Kind.MACHINE_UNLOCKED: mark("A machine was unlocked"),
    Kind.ORDER_REFUSED: mark("A machine did not obey an order to lock or unlock"),
    Kind.TRIAL_FAILED: mark("A machine returned to its old connection"),
    Kind.SMS_STUCK: mark("Short messages do not go out"),
    Kind.DEBIT_UNISSUED: mark("A debit was reported that does not fit what was issued"),
    Kind.DEBIT_REVOKED: mark("A card was debited after it was revoked"),
    Kind.REVOCATION_FAILED: mark("A machine did not revoke a card or batch"),
    Kind.ZONE_UNKNOWN: mark("An institution's time zone is not known here"),
    Kind.MEANING_DEFERRED: mark("Reports are stored, but not counted yet"),
    Kind.SERVER_CLOCK: mark("The server's clock is not believed"),
    Kind.SMS_MODEM_AWAY: mark("The modem for short messages cannot be used"),
    Kind.SMS_UNREADABLE: mark("A short message cannot be read"),
    Kind.EXAM_RESTARTED: mark("A machine lost its power again and again during one exam"),
}

JOB_STEPS: Mapping[str, str] = {
    steps.SHOW_WHITE: mark("Put the white card on the reader."),
    steps.SHOW_BATCH: mark("Put the batch card on the reader."),
    steps.SHOW_BLANK: mark("Put the next blank card on the reader."),
    steps.SHOW_TORN: mark("Put the unfinished card back on the reader, or give it up."),
    steps.WRITING: mark("Writing. Do not move the card."),
    steps.REMOVE: mark("Done. Take the card away."),
    steps.TAP_AGAIN: mark("The card was removed too early. Put it back."),
    steps.REJECTED: mark("This card cannot be used here. Put another one on the reader."),
}

PROBLEMS: Mapping[str, str] = {
    "wrong_state": mark("That is not possible any more: somebody else has changed it meanwhile."),
    "not_found": mark("It does not exist any more."),
    "invalid_input": mark("Something in the form is not as it should be."),
    "already_exists": mark("These cards have been ordered already."),
    "device_busy": mark("Somebody else is working with this device."),
    "device_unreachable": mark("The device's port cannot be opened: is it plugged in?"),
    "device_silent": mark("The device did not answer in time: it may still have done the work."),
    "device_answer_wrong": mark("The device answered in a way it should not."),
    "device_refused": mark("The device refused."),
    "wrong_device": mark("Another board than the expected one answers at this port."),
    "authority_closed": mark("No session of the authority is open: present the master card and its PIN first."),
    "wrong_pin": mark("The PIN is wrong."),
    "pin_locked": mark("The PIN was wrong too often: wait before the next attempt."),
    "abandoned": mark("The rest of this job was given up."),
    "given_up": mark("given up"),
    "unavailable": mark("The server is busy: try again."),
    "interrupted": mark("The server was restarted meanwhile."),
}

SERVICE_CARD_PROBLEMS: Mapping[str, str] = {
    "wrong_card": mark("This is no service card. Put the right one on the reader, then read again."),
    "card_in_use": mark("This card belongs to an issuing job: finish or void it there."),
    "device_refused": mark(
        "No card was shown in time, or it was taken away too early. The same card again does no harm."
    ),
    "service_card_full": mark("The card has no room for this machine's answer. Empty it, or take a second card."),
    "not_found": mark("There is no such machine or reader."),
}

JOURNAL_KINDS: Mapping[int, str] = {
    journal.BOOT: mark("Power came up"),
    journal.INTENT: mark("Card presented"),
    journal.DEBIT: mark("Card debited"),
    journal.STARTED: mark("Exam enabled"),
    journal.ENDED: mark("Exam over"),
    journal.ABANDONED: mark("Taken away before the debit"),
    journal.BATCH: mark("Batch initialised"),
    journal.PROVISIONED: mark("Provisioned"),
    journal.FAULT: mark("A part failed and was restarted"),
    journal.REFUSED: mark("Card refused"),
    journal.CLOCK: mark("Clock set"),
    journal.COMMAND: mark("Command carried out"),
}

CARD_LEVELS: Mapping[str, str] = {
    "master": mark("Master card"),
    "white": mark("White cards"),
    "batch": mark("Batch cards"),
    "one_time": mark("One-time cards"),
}

CARD_NAMES: Mapping[str, str] = {
    "master": mark("Master"),
    "white": mark("White"),
    "batch": mark("Batch"),
    "one_time": mark("Card"),
}

CARD_STATES: Mapping[str, tuple[str, str]] = {
    "planned": ("", mark("planned")),
    "writing": ("info", mark("being written")),
    "torn": ("warn", mark("torn away: finish it")),
    "written": ("good", mark("ready")),
    "failed": ("bad", mark("failed")),
    "erased": ("", mark("erased")),
    "used": ("info", mark("used")),
}


OUTCOMES: Mapping[str, str] = {
    "reissued": mark("written on another card"),
    "voided": mark("void: nobody can use it"),
    "torn": mark("this card waits to be finished"),
    "failed": mark("will be written on another card"),
}


def spoken(words: Translator, sentences: Mapping[str, str]) -> dict[str, str]:
    """A table of sentences in the reader's language."""
    return {code: words.gettext(sentence) for code, sentence in sentences.items()}


def spoken_kinds(words: Translator) -> dict[str, str]:
    return {str(kind): words.gettext(sentence) for kind, sentence in JOURNAL_KINDS.items()}


def spoken_pairs(words: Translator, pairs: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Tones, with the sentences in the reader's language."""
    return {code: (tone, words.gettext(sentence)) for code, (tone, sentence) in pairs.items()}


def spoken_states(words: Translator) -> dict[str, tuple[str, str]]:
    return spoken_pairs(words, CARD_STATES)
