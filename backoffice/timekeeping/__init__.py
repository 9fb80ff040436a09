"""What time it is when the server's own clock may be wrong."""
