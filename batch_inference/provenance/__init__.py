"""Reads what a file says of its own origin."""
