"""Children end with the supervisor. In both of the project's Pythons."""

import multiprocessing
import os
import threading

_WISH = "REPORTGUIDE_END_WITH_PARENT"
#: What a child's environment holds if it is to end with its parent, which keeps its standard input open.
WITH_PARENT = {_WISH: "1"}


def end_with_parent() -> None:
    """End this process when the parent's end of standard input closes, however the parent ended, if it wished so."""

    def watch() -> None:
        # Not through sys.stdin, whose lock Python wants for itself when it ends.
        while os.read(0, 1024):
            pass
        os._exit(0)

    if os.environ.get(_WISH):
        threading.Thread(target=watch, daemon=True).start()


def end_with_starter() -> None:
    """End this process, a worker of `multiprocessing`, with the one that started it, also while it is at work.

    Its standard input is not its starter's; left alone, it would notice only when it has something to hand over.
    """
    starter = multiprocessing.parent_process()
    if starter is None:
        return

    def watch() -> None:
        starter.join()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
