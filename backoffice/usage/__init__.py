"""Usage: who used how many credits when."""
