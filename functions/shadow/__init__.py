"""Shadow mode: has a challenger score a share of the batches that ended."""
