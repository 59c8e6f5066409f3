"""A million images through everything but the model: what each step takes, and whether it grows."""
