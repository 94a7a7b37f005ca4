"""`reportguide up`: prepares what is missing, starts the processes, keeps them running, stops them all.

Children end with this process however it ends: each holds the read end of a pipe whose other end is here.
"""

from bot.supervisor.lifecycle import up
from bot.supervisor.preparation import prepare
from bot.supervisor.processes import Child, brain_environment, last_line
from bot.supervisor.progress import shown
from bot.supervisor.venv import brain_python

__all__ = ["Child", "brain_environment", "brain_python", "last_line", "prepare", "shown", "up"]
