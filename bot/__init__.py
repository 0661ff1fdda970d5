"""The inside of salesbot: what the bot is. Only `bot.main` and `bot.cli` know the other packages."""
