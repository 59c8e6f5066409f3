"""What scoring costs: prices, what a batch uses, and the bill of both."""
