"""The little HTTP that a small device needs."""
