"""What several tests share: a channel that records, a queue over a test database."""
