"""What must hold of every text, however it came about, and a harness that looks for one of which it does not."""
