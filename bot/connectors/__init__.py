"""Services beside the chat platforms: speech, AI."""
