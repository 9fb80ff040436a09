"""The server below the application: connections, how many there may be, and how long each is waited for."""
