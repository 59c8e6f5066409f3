"""Begins a training run: what was asked is validated, pinned, and written down."""
