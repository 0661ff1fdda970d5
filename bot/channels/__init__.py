"""One folder per platform, the same three jobs in each: receive, send, render."""
