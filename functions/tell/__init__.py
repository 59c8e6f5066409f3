"""Tells people of a training run that failed."""
