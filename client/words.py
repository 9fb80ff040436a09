"""What a person is told for each reason a device gives. A reason without words here is shown as it is."""

from typing import Any

from client.language import say

CALL_SUPPORT = "Call support."
REASONS = {
    "granted": "Card accepted. The exam may start.",
    "used": "This card was already used.",
    "still_running": "This card's exam is still running.",
    "other_batch": "This card belongs to another batch.",
    "other_machine": "This card is for another machine.",
    "other_institution": "This card is for another institution.",
    "foreign": "This is not one of our cards.",
    "forged": "This card is not genuine.",
    "damaged": "This card is damaged or incomplete.",
    "removed_early": "Tap again: the card was removed too early.",
    "two_cards": "More than one card on the reader. Show one card only.",
    "not_initialised": "The machine has no batch yet. Show the batch card first.",
    "locked": "The machine is locked.",
    "expired": "This card has expired.",
    "revoked": "This card was revoked.",
    "out_of_range": "This number is outside the range that was signed.",
    "not_in_chain": "This card does not descend from the master card.",
    "second_master": "This master card is not the one the machine knows.",
    "batch_used": "This batch card was already used.",
    "reader_lost": "The card reader does not answer; it is being restarted.",
    "storage_full": "The machine's memory is full. It must reach the server first.",
    "storage_failed": "The machine cannot write its memory. Call support.",
    "busy": "The machine is busy with something else.",
    "cancelled": "Cancelled.",
    "timeout": "No card was shown in time.",
    "wrong_card": "This is the wrong kind of card for this step.",
    "wrong_role": "This device cannot do that.",
    "not_provisioned": "This device was not initialised by the master card.",
    "weak_medium": "This kind of card is too weak for this use.",
    "clock_unknown": "The machine does not know the time yet.",
    "service_full": "The service card is full. Have it emptied at the issuing desk.",
    "link_lost": "The machine is not reachable. Look at the cable and the port.",
    "link_timeout": "The machine did not answer in time.",
}


def of_reason(reason: str, message: str = "") -> str:
    """The sentence for a reason; what the device said stands in for a reason we have no words for.

    A locked machine's message is what its authority wants to be done: a number to call, as a rule."""
    if reason == "locked":
        return f"{say(REASONS[reason])} {message if message not in ('', reason) else say(CALL_SUPPORT)}"
    return say(REASONS[reason]) if reason in REASONS else message or reason


def of_notification(method: str, params: dict[str, Any]) -> str:
    """One line for what the machine says by itself."""
    match method:
        case "tap":
            return say("tap: {reason}{card}", reason=of_reason(str(params.get("reason", "?"))), card=_card_text(params))
        case "screen":
            lines = params.get("lines")
            shown = " | ".join(str(line) for line in lines if line) if isinstance(lines, list) else ""
            return say("screen: {lines}", lines=shown)
        case "uplink":
            acked, pending = params.get("acked", "?"), params.get("pending", "?")
            return say("uplink: acknowledged up to {acked}, {pending} waiting", acked=acked, pending=pending)
        case "reader":
            return say("reader: {state}", state=params.get("state", "?"))
        case "progress":
            return say("progress: {step} of {of}", step=params.get("step", "?"), of=params.get("of", "?"))
        case _:
            return f"{method}: {params}"


def _card_text(params: dict[str, Any]) -> str:
    parts = [
        words
        for name, words in (
            ("batch", say("batch {number}", number=params.get("batch"))),
            ("credit", say("credit {number}", number=params.get("credit"))),
        )
        if params.get(name) is not None
    ]
    return f" ({', '.join(parts)})" if parts else ""


def of_status(status: dict[str, Any]) -> list[str]:
    """The state of a machine in a few lines a person can read out on the telephone."""
    reader, exam = _part(status, "reader"), _part(status, "exam")
    healthy = bool(reader.get("healthy"))
    lines = [
        say(
            "Machine {number} ({role}), firmware {firmware}, institution {institution}",
            number=status.get("machine_id"),
            role=status.get("role") or say("not initialised"),
            firmware=status.get("firmware"),
            institution=status.get("institution"),
        ),
        say("Reader: healthy, restarted {times} times", times=reader.get("reinits", 0))
        if healthy
        else say("Reader: NOT healthy, restarted {times} times", times=reader.get("reinits", 0)),
        *_of_reports(_part(status, "journal"), _part(status, "uplink")),
        *_of_batches(status.get("batches")),
    ]
    if status.get("locked"):
        lines.append(f"{say('LOCKED by the server.')} {status.get('lock_text') or say(CALL_SUPPORT)}")
    if exam.get("running"):
        batch, credit = exam.get("batch"), exam.get("credit")
        lines.append(say("Exam running: batch {batch}, credit {credit}", batch=batch, credit=credit))
    return lines


def _of_reports(journal: dict[str, Any], uplink: dict[str, Any]) -> list[str]:
    entries, pending = journal.get("seq", 0), journal.get("pending", 0)
    link, error = uplink.get("transport") or say("none"), uplink.get("last_error") or say("none")
    return [
        say(
            "Journal: {entries} entries, {pending} not yet acknowledged by the server", entries=entries, pending=pending
        ),
        say("Uplink: {link}, last error: {error}", link=link, error=error),
    ]


def _of_batches(batches: object) -> list[str]:
    if not isinstance(batches, list) or not batches:
        return [say("No batch yet: show the batch card (init-batch).")]
    return [
        say(
            "Batch {batch}: {left} of {count} cards left",
            batch=entry.get("batch"),
            left=entry.get("left"),
            count=entry.get("count"),
        )
        for entry in batches
    ]


def _part(status: dict[str, Any], name: str) -> dict[str, Any]:
    value = status.get(name)
    return value if isinstance(value, dict) else {}
