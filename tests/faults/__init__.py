"""Faults injected into the running local stack, and whether every image still gets its one row."""
