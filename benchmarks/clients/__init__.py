"""Which client fetches many small objects from S3 with the least of a processor."""
