"""What a stack is at: what runs, what waits, what failed, what it came to."""
