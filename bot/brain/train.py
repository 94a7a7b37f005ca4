"""Trains the brain: ``python -m bot.brain.train --dialogues FOLDER --output FOLDER --name NAME``.

Run by `reportguide train` in Rasa's Python, with REPORTGUIDE_BRAIN_DATA naming the compiled standard. Prints lines
``progress <what>`` for the caller's progress bar.
"""

import argparse
import logging
import sys
from pathlib import Path

from bot.parent import end_with_parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dialogues", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--name", required=True)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    end_with_parent()
    print("progress loading Rasa", flush=True)
    from rasa.model_training import train

    print("progress training", flush=True)
    result = train(
        domain=str(asked.dialogues / "domain"),
        config=str(Path(__file__).with_name("config.yml")),
        training_files=[str(asked.dialogues / part) for part in ("nlu", "rules")],
        output=str(asked.output),
        fixed_model_name=asked.name,
        # Rasa's own cache does not see the compiled standard and word lists; whether to train at all is decided before.
        force_training=True,
    )
    return 0 if result.code == 0 and result.model else 1


if __name__ == "__main__":
    sys.exit(main())
