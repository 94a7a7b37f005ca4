"""The stock project's actions, run by rasa-sdk's own server (``python -m rasa_sdk``)."""

import re
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher

Checked = dict[str, Any]

ANSWERS = {
    "结果": "一般3个工作日内会告诉您是否受理。",
    "几天": "一般3个工作日内会告诉您是否受理。",
    "删": "先截图或录屏存下来，删了也能举报。",
    "证": "能说明情况的截图、录屏都可以，不一定要身份证。",
    "钱": "举报不收费。",
    "知道是我": "不会告诉对方是谁举报的。",
    "链接": "点“分享”，再点“复制链接”。",
}


class Answer(Action):
    def name(self) -> str:
        return "action_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        text = tracker.latest_message.get("text") or ""
        found = next((answer for word, answer in ANSWERS.items() if word in text), "这个我还不清楚。")
        dispatcher.utter_message(text=found)
        return []


class ValidateReportForm(FormValidationAction):
    def name(self) -> str:
        return "validate_report_form"

    def validate_url(self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Checked:
        found = re.search(r"https?://\S+", str(value))
        if not found:
            dispatcher.utter_message(response="utter_bad_url")
        return {"url": found.group() if found else None}

    def validate_contact(self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> Checked:
        found = re.search(r"1[3-9]\d{9}", str(value))
        if not found:
            dispatcher.utter_message(response="utter_bad_contact")
        return {"contact": found.group() if found else None}
