"""What engineers run from a checkout: the command line, flashing, the demonstration and the generated documents."""
