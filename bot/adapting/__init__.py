"""Adapts the sentence model to our field. Developers run it, in Rasa's Python, when much has been added to learn from:

    .venv-brain/bin/python -m bot.adapting.understanding     # messages → bot/brain/adapter.npz, an hour on two cores
    .venv-brain/bin/python -m bot.adapting.questions         # knowledge → knowledge/adapter.npz, a quarter of an hour

What comes out is small (1.3 MB) and committed: whoever installs the project learns nothing of this. Neither reads an
evaluation set.
"""
