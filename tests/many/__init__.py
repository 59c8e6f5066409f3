"""Many objects through the local stack: exactly a row each, and how much memory it takes."""
