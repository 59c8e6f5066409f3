"""Feeds what opens hostile files with files that nobody made: see docs/reliability.md."""
