"""gov: multi-sig governance and timelock orchestration, from a reviewed file to a verified effect."""

__version__ = "0.1.0"
