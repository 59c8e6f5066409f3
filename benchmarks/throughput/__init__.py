"""How many images a second, ours and what others would use, on the same photographs."""
