"""The back office: issues cards, knows every machine, counts every exam."""
