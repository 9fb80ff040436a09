"""Who is served now, who waits, and who is asked to come again: below every thread and every connection."""

WAITS_IN_LINE = "perscan.waits_in_line"
"""In a request's scope while it waits for its slot: nothing of ours is under way, so its connection may give way."""
