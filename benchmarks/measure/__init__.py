"""What is done in each kind of scenario, and measured."""
