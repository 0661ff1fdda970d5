"""Both platforms on one laptop, written from the protocol pages; imports nothing of bot.channels."""
