"""The registry of every card: where it comes from, what became of it."""
