"""Alerts: what a person should look at."""
