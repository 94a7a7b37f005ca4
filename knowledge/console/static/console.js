// What pages can do beside links and forms: large text, live preview, trying questions, following a check.
// Every page works without it.

import { large, setLarge } from "./preferences.js";
import { edit } from "./editor.js";
import { follow } from "./check.js";

for (const button of document.querySelectorAll("[data-large]")) {
  button.setAttribute("aria-pressed", String(large()));
  button.addEventListener("click", () => {
    setLarge(!large());
    button.setAttribute("aria-pressed", String(large()));
  });
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

const form = document.querySelector("[data-editor]");
if (form) edit(form);

const check = document.querySelector("[data-check]");
if (check) follow(check);
