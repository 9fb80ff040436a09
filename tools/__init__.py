"""What engineers run from a checkout: the command line, what goes on a board's flash, the demonstration and the generated documents."""
