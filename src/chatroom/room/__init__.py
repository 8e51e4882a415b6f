"""Who is here, what was said, who gets it; knows no socket and no SQL."""
