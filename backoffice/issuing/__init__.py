"""Issuing: white, batch and one-time cards in bulk, every card accounted for."""
