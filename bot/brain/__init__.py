"""What runs inside Rasa's own Python (3.10). It imports nothing of the project but itself and `bot.sealing`."""
