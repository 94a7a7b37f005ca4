"""What the assistant does: Rasa's custom actions, the reporting standard's reader, reports, submission and status."""
