"""Machines: registered, provisioned, seen."""
