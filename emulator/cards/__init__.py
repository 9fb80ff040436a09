"""Contactless cards: what happens inside the plastic."""
