/**
 * The height that is really visible. Where the on-screen keyboard covers the page instead of making it shorter (iOS),
 * 100dvh does not change, and only the visual viewport tells.
 */

const viewport = window.visualViewport;

function measure() {
  if (!viewport) return;
  // Multiplied by the scale, so that magnifying the page with two fingers does not squeeze its layout.
  const visible = viewport.height * viewport.scale;
  const covered = window.innerHeight - visible > 80;
  document.documentElement.classList.toggle("keyboard", covered);
  if (covered) {
    document.documentElement.style.setProperty("--visible", `${Math.round(visible)}px`);
    // iOS pushes the page up to show the box, and with it the header out of sight.
    if (viewport.scale === 1) window.scrollTo(0, 0);
  } else {
    document.documentElement.style.removeProperty("--visible");
  }
}

export function followKeyboard() {
  viewport?.addEventListener("resize", measure);
}
