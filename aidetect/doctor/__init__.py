"""Whether an account and a stack have what scoring needs: one check each, and what to do."""
