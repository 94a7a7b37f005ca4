"""Keeping what is answered: drafts, review, the publication gate, editions, and the questions nobody could answer."""
