"""Medical institutions."""
