"""Stops spending: no more machines are started until somebody says so."""
