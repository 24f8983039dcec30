"""How we reach the world: files, chain, keys and tables behind the ports."""
