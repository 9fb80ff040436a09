"""Card issuers and machines that are plugged into this server: which port, who is on it, one user at a time."""
