"""TLS: certificates for the server, and an authority for the machines to trust."""
