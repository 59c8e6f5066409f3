"""The golden set from the command line: kept, scored, shown."""
