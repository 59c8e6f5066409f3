"""Labelled images: found, imported, packed, audited, split by source."""
