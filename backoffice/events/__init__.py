"""Live events for pages that are open."""
