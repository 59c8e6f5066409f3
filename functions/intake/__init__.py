"""From upload events to one manifest and one scoring execution."""
