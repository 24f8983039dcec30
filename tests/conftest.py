"""How tests search: the same way each time, so that a red run is somebody's change; `make fuzz` searches anew."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, max_examples=150, deadline=None)
settings.register_profile("searching", derandomize=False, max_examples=2000, deadline=None)
settings.load_profile("repeatable")
