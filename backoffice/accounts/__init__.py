"""Users, logins, API tokens and agents."""
