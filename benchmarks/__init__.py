"""What things cost, as figures with their method beside them. `make bench` writes the table; nothing here is a test."""
