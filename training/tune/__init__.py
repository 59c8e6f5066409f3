"""Recipes that tune the encoder. The only place that imports torch."""
