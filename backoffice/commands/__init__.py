"""Commands that wait for machines."""
