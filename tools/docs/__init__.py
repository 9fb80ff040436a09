"""Documents that are written from the code, so that the two cannot differ."""
