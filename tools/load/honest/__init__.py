"""Machines that report, people who look at pages, and whoever watches the server's health. They do nothing wrong."""
