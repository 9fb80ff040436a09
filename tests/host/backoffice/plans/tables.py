"""Every table: whether it grows with use, and how many rows it has in an office with two million exams.

A table that is in neither list fails a test: whoever adds one says here what it will come to.
"""

EXAMS = 2_000_000
MACHINES = 300
INSTITUTIONS = 60
DAYS = 1_000
BATCHES = 20_000

GROWING = {
    "usage": EXAMS,
    "usage_day": MACHINES * DAYS,
    "card_tally": 20 * BATCHES,
    "journal_entry": 4 * EXAMS,
    "journal_fork": 20_000,
    "journal_gap": 2_000,
    "card": EXAMS + EXAMS // 10,
    "card_event": 3 * EXAMS,
    "batch": BATCHES,
    "issuing_job": 2 * BATCHES,
    "alert": 60_000,
    "machine_command": 40_000,
    "in_doubt": 5_000,
    "deferred": 5_000,
    "sms_set_aside": 2_000,
    "sms_in": 500_000,
    "sms_out": 500_000,
    "login_session": 5_000,
    "api_token": 2_000,
}
"""They grow with every exam, card, report, order or log-in: nothing that somebody waits for may go through them."""

SMALL = {
    "machine": MACHINES,
    "machine_key": 2 * MACHINES,
    "journal_chain": 2 * MACHINES,
    "usage_total": 2 * MACHINES,
    "institution": INSTITUTIONS,
    "institution_key": INSTITUTIONS,
    "user": 400,
    "agent": 20,
    "device": 10,
    "master": 3,
    "believed_time": 1,
    "white": 60,
    "pin_guard": 60,
    "alembic_version": 1,
}
"""They grow with contracts: a walk through thousands of rows costs milliseconds."""

DISTINCT = {
    "machine_id": MACHINES,
    "institution_id": INSTITUTIONS,
    "institution_code": INSTITUTIONS,
    "agent_id": 20,
    "user_id": 400,
    "day": DAYS,
    "batch": BATCHES,
    "batch_id": BATCHES,
    "job_id": 2 * BATCHES,
    "white_id": 60,
    "master_id": 3,
    "epoch": 2,
    "kind": 12,
    "scope": 4,
    "subject": 3 * BATCHES,
    "one_time_planned": 2,
    "shown": 7,
    "standing": 4,
    "role": 3,
    "state": 5,
    "level": 4,
    "severity": 3,
    "cleared_at": 50_000,
    "acknowledged_at": 50_000,
    "platform": 3,
    "disputed": 2,
    "current": 2,
    "active": 2,
}
"""How many values a column has; one that is not named here has another value in each row."""

PARTIAL = {
    "ix_card_above": BATCHES + 100,
    "ix_journal_entry_rare": EXAMS // 8,
    "ix_usage_disputed_time": 2_000,
    "uq_alert_open_dedupe_key": 5_000,
    "uq_master_active": 1,
}
"""Rows in indexes of a part of a table; of others, as many as in the table."""
