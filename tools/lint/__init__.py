"""Rules of the house that no ready-made linter knows. Each is a function that returns its findings."""
