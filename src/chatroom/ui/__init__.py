"""What a person at a terminal speaks to."""
