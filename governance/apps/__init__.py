"""What people and machines run: thin, and constructed in `wiring`."""
