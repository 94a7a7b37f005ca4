"""The assistant as a running system: command line, settings, composition root, process supervisor, brain."""
