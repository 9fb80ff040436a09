"""The world below the firmware: chips, cards, radio field, flash, clock, and the faults that may befall them.

Everything here is deterministic: one seed and one clock decide the whole run. Nothing here knows any business word,
and nothing here stands in for a driver of ours; the firmware meets these models exactly where it meets hardware.
"""
