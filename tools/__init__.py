"""What engineers run from a checkout: the command line, boards' flash, the demonstration, generated documents."""
