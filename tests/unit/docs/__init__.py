"""What the documentation promises of the command line."""
