"""What is true: pure values and functions without clock, environment, network, disk or randomness."""
