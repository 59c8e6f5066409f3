"""What benchmarks compute themselves, apart from the product that they measure."""
