"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: no example fails for having taken long.
settings.register_profile(
    "chatroom", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("chatroom")
