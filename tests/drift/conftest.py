"""How hypothesis runs here: a busy machine is no reason to fail."""

from hypothesis import settings

settings.register_profile("drift", deadline=None)
settings.load_profile("drift")
