"""What happens, in order: one file per moment in the life of a proposal."""
