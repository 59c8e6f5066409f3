"""From a manifest or a prefix to a plan: which detector, which lane, which shards."""
