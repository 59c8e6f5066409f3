"""Decides whether a trained detector may take the place of the champion."""
