"""Rasa's training data: the files under `dialogues/` and what follows from the reporting standard.

The slots, the form's elements and the questions are not written twice: they come from the standard, compiled by
`reportguide train`. Adding a matter or an element needs no change here and none in the rules.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Union

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.component import FORM, compiled

#: Steps of the form that are no elements of a report.
STEPS_BEFORE, STEPS_AFTER = ("matter", "sure"), ("confirm",)


class Lesson(Message):
    """A message to learn from. It is never changed, so a copy of it is itself and its fingerprint is made once.

    Rasa copies and fingerprints all messages a dozen times in one training: two thirds of a training in which nothing
    new is to be learnt.
    """

    def __deepcopy__(self, memo: Dict[int, Any]) -> "Lesson":
        return self

    def set(self, prop: Text, info: Any, add_to_output: bool = False) -> None:
        # Rasa sets each intent to itself without blanks around it, which would forget the fingerprint.
        if self.data.get(prop) != info:
            super().set(prop, info, add_to_output)


class StandardImporter(RasaFileImporter):
    """The file importer, with the generated part of the domain merged in."""

    def __init__(
        self,
        config_file: Optional[Text] = None,
        domain_path: Optional[Text] = None,
        training_data_paths: Optional[Union[List[Text], Text]] = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        self._domain: Optional[Domain] = None
        self._messages: Optional[TrainingData] = None

    def get_nlu_data(self, language: Optional[Text] = "en") -> TrainingData:
        # Rasa asks three times, and each time tens of thousands of messages would be read anew.
        if self._messages is None:
            told = super().get_nlu_data(language)
            told.training_examples = [Lesson(message.data) for message in told.training_examples]
            self._messages = told
        return self._messages

    def get_domain(self) -> Domain:
        if self._domain is None:
            written = super().get_domain()
            spoken = Domain.load(str(Path(self._domain_path).with_name("responses")))
            self._domain = written.merge(spoken).merge(Domain.from_dict(generated_domain(compiled())))
        return self._domain


def generated_domain(data: Dict[str, Any]) -> Dict[str, Any]:
    """Slots, entities, the form and one `utter_ask_<element>` per element, as Rasa's domain wants them."""
    ids = [*STEPS_BEFORE, *data["elements"], *STEPS_AFTER]
    slots = {
        name: {
            "type": "any",
            "influence_conversation": False,
            "mappings": [{"type": "from_entity", "entity": name, "intent": ["report", "answer"]}],
        }
        for name in ids
        if name != "sure"
    }
    # Whether to give up or start over is answered by rules of its own, never by a mapping.
    slots["sure"] = {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
    responses: Dict[str, List[Dict[str, Any]]] = {}
    for asked in data["questions"]:
        where = {"matter": asked["matter"], "edition": asked["edition"]}
        for element in asked["elements"]:
            responses.setdefault(f"utter_ask_{element['id']}", []).extend(_asked(element, where))
    for element in data["errands"]:
        responses.setdefault(f"utter_ask_{element['id']}", []).extend(_asked(element, {}))
    return {
        "version": "3.1",
        "entities": [name for name in ids if name != "sure"],
        "slots": slots,
        "forms": {FORM: {"required_slots": ids}},
        "responses": responses,
    }


def _asked(element: Dict[str, Any], where: Dict[str, str]) -> List[Dict[str, Any]]:
    """A question in full, and shorter for the second time; both with the element's buttons.

    `where`: slots and the values under which it is asked like this.
    """
    return [
        {
            "text": text,
            "buttons": element["buttons"],
            "condition": [
                {"type": "slot", "name": name, "value": value} for name, value in {**where, "ask_mode": mode}.items()
            ],
        }
        for mode, text in (("full", "{progress}" + element["question"] + "{how}"), ("short", element["short"]))
    ]
