"""The command line and the client: the same words for the local stack and for AWS."""
