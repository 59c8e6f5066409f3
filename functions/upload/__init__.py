"""Presigned uploads for programs that are to write to the intake bucket without a key to it."""
