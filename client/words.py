"""What a person is told for each reason a device gives. A reason without words here is shown as it is."""

from typing import Any

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
        return f"{REASONS[reason]} {message if message not in ('', reason) else CALL_SUPPORT}"
    return REASONS.get(reason, message or reason)


def of_notification(method: str, params: dict[str, Any]) -> str:
    """One line for what the machine says by itself."""
    match method:
        case "tap":
            card = _card_text(params)
            return f"tap: {of_reason(str(params.get('reason', '?')))}{card}"
        case "screen":
            lines = params.get("lines")
            return "screen: " + " | ".join(str(line) for line in lines if line) if isinstance(lines, list) else "screen"
        case "uplink":
            return f"uplink: acknowledged up to {params.get('acked', '?')}, {params.get('pending', '?')} waiting"
        case "reader":
            return f"reader: {params.get('state', '?')}"
        case "progress":
            return f"progress: {params.get('step', '?')} of {params.get('of', '?')}"
        case _:
            return f"{method}: {params}"


def _card_text(params: dict[str, Any]) -> str:
    parts = [f"{name} {params[name]}" for name in ("batch", "credit") if params.get(name) is not None]
    return f" ({', '.join(parts)})" if parts else ""


def of_status(status: dict[str, Any]) -> list[str]:
    """The state of a machine in a few lines a person can read out on the telephone."""
    journal, reader, uplink = (_part(status, name) for name in ("journal", "reader", "uplink"))
    lines = [
        f"Machine {status.get('machine_id')} ({status.get('role') or 'not initialised'}), "
        f"firmware {status.get('firmware')}, institution {status.get('institution')}",
        f"Reader: {'healthy' if reader.get('healthy') else 'NOT healthy'}, restarted {reader.get('reinits', 0)} times",
        f"Journal: {journal.get('seq', 0)} entries, {journal.get('pending', 0)} not yet acknowledged by the server",
        f"Uplink: {uplink.get('transport') or 'none'}, last error: {uplink.get('last_error') or 'none'}",
    ]
    batches = status.get("batches")
    if isinstance(batches, list) and batches:
        lines += [
            f"Batch {entry.get('batch')}: {entry.get('left')} of {entry.get('count')} cards left" for entry in batches
        ]
    else:
        lines.append("No batch yet: show the batch card (init-batch).")
    if status.get("locked"):
        lines.append(f"LOCKED by the server. {status.get('lock_text') or CALL_SUPPORT}")
    exam = _part(status, "exam")
    if exam.get("running"):
        lines.append(f"Exam running: batch {exam.get('batch')}, credit {exam.get('credit')}")
    return lines


def _part(status: dict[str, Any], name: str) -> dict[str, Any]:
    value = status.get(name)
    return value if isinstance(value, dict) else {}
