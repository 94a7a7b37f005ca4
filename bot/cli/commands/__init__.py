"""The groups of commands and their help. What a command does stands in the module of its name, in `bot.cli`."""
