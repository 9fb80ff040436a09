"""How a command ended: the number in the COMMAND entry that a machine journals.

Law: a number never changes its meaning; numbers are only ever appended.
"""

DONE = 0  # carried out
BAD_ARGUMENTS = 1  # the arguments are missing, of another type or out of their bounds
TOO_LATE = 2  # the credit was debited before
FULL = 3  # the machine has no room to remember it
FAILED = 4  # the flash refused to write
RETURNED = 5  # the new connection did not work in time: the old settings are back
BAD_SIGNATURE = 6  # the authority did not sign this order for this machine
STALE = 7  # older than what the machine obeyed before
