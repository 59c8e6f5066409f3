"""The daily watch: has the golden set scored, and tells live accuracy."""
