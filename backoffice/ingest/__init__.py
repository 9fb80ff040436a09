"""Sealed reports in, sealed acknowledgements out."""
