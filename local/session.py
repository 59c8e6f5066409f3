"""Clients of the emulator, as its administrator."""

import boto3


def session(region: str) -> boto3.Session:
    """Give a session with the emulator's own credentials, which are no secret."""
    return boto3.Session("test", "test", region_name=region)
