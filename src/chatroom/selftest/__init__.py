"""The proof that a user can run: everything is broken on purpose, and then looked at closely."""
