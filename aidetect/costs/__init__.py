"""What scoring costs: before, after, where it is cheapest, and how to stop it."""
