"""What engineers run from a checkout: command line, what goes on a board's flash, demonstration, generated docs."""
