"""When a message is taken for danger to life or safety: by words that leave no doubt, or by what the model hears."""

from typing import Any, Dict

from bot.brain.wording import any_of

#: Danger is listened for more closely than anything else: asking once too often how somebody is does less harm.
DANGER, HINTED = 0.23, 0.1
#: 是不是最后一个了 is a control without any doubt: it takes this much to hear more in it.
BESIDE_CONTROL, SURELY = 0.7, 0.95


class Alarm:
    """`words`: the lists of `dialogues/nlu/words.yml`."""

    def __init__(self, words: Dict[str, Any]) -> None:
        self._plain = any_of(words["distress"])
        self._hints = any_of(words["distress_hints"])
        #: What has the words of danger and none of it.
        self.idioms = any_of(words["distress_idioms"])

    def plain(self, text: str) -> bool:
        """Whether it needs no model."""
        return bool(self._plain.search(self.idioms.sub(" ", text)))

    def heard(self, text: str, sensed: Dict[str, Dict[str, float]]) -> bool:
        """`sensed`: chances as `Senses.message` or `Senses.reply` tells them, the likeliest first."""
        enough = DANGER
        if self._hints.search(text):
            enough -= HINTED
        elif any(label.startswith("ctl_") and chance >= SURELY for label, chance in sensed.get("step", {}).items()):
            enough = BESIDE_CONTROL
        return sensed["danger"]["yes"] >= enough
