// Shows how far a check is, and its result as soon as there is one.

const PAUSE = 250; // milliseconds between two looks

export async function follow(section) {
  const bar = section.querySelector("progress");
  const count = section.querySelector("[data-count]");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    let told;
    try {
      const answer = await fetch(section.dataset.check, { headers: { Accept: "application/json" } });
      if (!answer.ok) break;
      told = await answer.json();
    } catch {
      continue; // the network is away for a moment
    }
    if (told.total) {
      bar.max = told.total;
      bar.value = told.done;
      count.textContent = `${told.done} / ${told.total}`;
    }
    if (told.state !== "running") break;
  }
  location.replace(location.pathname);
}
