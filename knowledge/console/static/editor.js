// The editor: what channels show while one writes, questions tried on it, and nothing lost by an accident.

const PAUSE = 350; // milliseconds without a key before the preview is renewed

export function edit(form) {
  counts(form);
  byKind(form);
  keep(form, preview(form));
  tryOut(form);
}

/** A part of a page from the server, for the form as it stands. */
async function part(form, address, signal) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)), signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** The server escapes everything that was typed; the page's policy runs no script that came with it. */
function show(place, html) {
  place.replaceChildren(document.createRange().createContextualFragment(html));
}

function preview(form) {
  const place = form.querySelector("[data-preview]");
  let timer;
  let running;
  async function renew() {
    running?.abort();
    running = new AbortController();
    try {
      show(place, await part(form, "/preview", running.signal));
    } catch {
      // What stands there stays until the next key.
    }
  }
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(renew, PAUSE);
  };
  form.addEventListener("input", (event) => {
    if (!("try" in event.target.dataset)) soon();
  });
  return soon;
}

function tryOut(form) {
  const question = form.querySelector("[data-try]");
  const button = form.querySelector("[data-try-go]");
  const place = form.querySelector("[data-tried]");
  async function go() {
    button.disabled = true;
    try {
      show(place, await part(form, "/try"));
    } catch {
      place.textContent = "";
    } finally {
      button.disabled = false;
    }
  }
  button.addEventListener("click", go);
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // Enter asks; it does not save
    go();
  });
}

function counts(form) {
  for (const field of form.querySelectorAll("[data-count]")) {
    const told = document.createElement("span");
    told.className = "counted";
    field.closest(".field").querySelector("label").append(told);
    const renew = () => {
      const size = [...field.value.trim()].length;
      told.textContent = `${size} / ${field.dataset.count}`;
      told.classList.toggle("grave", size > Number(field.dataset.count));
    };
    field.addEventListener("input", renew);
    renew();
  }
}

function byKind(form) {
  const renew = () => {
    form.dataset.kind = new FormData(form).get("kind");
  };
  form.addEventListener("change", renew);
  renew();
}

/** Unsaved text stays in this browser tab until it is saved: a session may end, a tab may reload. */
function keep(form, renew) {
  const key = `reportguide.editor.${form.dataset.editor}`;
  const notice = document.querySelector("[data-restore]");
  const now = () => JSON.stringify([...new FormData(form)].filter(([name]) => !["form", "lock", "try"].includes(name)));
  const store = (value) => {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, value);
    } catch {
      // Kept nowhere, as without this.
    }
  };
  let kept = null;
  try {
    kept = sessionStorage.getItem(key);
  } catch {
    // As above.
  }
  const began = now();
  if (kept !== null && kept !== began) {
    notice.hidden = false;
    notice.querySelector("[data-restore-yes]").addEventListener("click", () => {
      restore(form, JSON.parse(kept));
      notice.hidden = true;
      form.dispatchEvent(new Event("change"));
      renew();
      form.querySelector("[name=question]").focus();
    });
    notice.querySelector("[data-restore-no]").addEventListener("click", () => {
      notice.hidden = true;
      store(null);
    });
  }
  form.addEventListener("input", () => store(now()));
  // The server has it now, or shows it again.
  form.addEventListener("submit", () => store(now()));
  window.addEventListener("pageshow", () => {
    if (new URLSearchParams(location.search).has("done")) store(null);
  });
}

function restore(form, fields) {
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "checkbox" || field.type === "radio") field.checked ||= field.value === value;
      else if (field.type !== "hidden" && field.type !== "submit") field.value = value;
    }
  }
  for (const field of form.querySelectorAll("[data-count]")) field.dispatchEvent(new Event("input"));
}
