"""Domain value -> Card, error -> sentence: every word a user reads is written here."""
