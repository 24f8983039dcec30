"""Compiled contracts, as forge and the published packages give them; read through `governance.adapters.artifacts`."""
