"""The PC side of the host link: a small library and command for the computer of the medical device."""
