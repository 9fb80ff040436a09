"""What the back office can order, by number: apart from the messages, because a machine that obeys needs no more.

Law: a kind's number is never reused; arguments are only ever appended. 7 is set aside.
"""

REVOKE_BATCH = 1  # [batch]: accept no card of it any more
REVOKE_CREDIT = 2  # [batch, credit]: do not accept this card
REFUND_CREDIT = 3  # [batch, credit]: an intent in doubt that never became a debit is given up
SETTINGS = 4  # [{name: value}]: change settings
LOCK = 5  # [number, signature, text]: grant nothing until unlocked; signed (see Orders)
UNLOCK = 6  # [number, signature, text]: grant again; signed
SET_TIME = 8  # [time]: set the clock and trust it; only in the answer to a report
