"""What to run against a stack that was just deployed or updated: `make smoke`."""
