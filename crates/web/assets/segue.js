// Says when live updates stop, so that old numbers are never taken for new ones.
"use strict";
(() => {
  const show = (hidden) => {
    const lost = document.getElementById("lost");
    if (lost) lost.hidden = hidden;
  };
  document.addEventListener("htmx:sseError", () => show(false));
  document.addEventListener("htmx:sseOpen", () => show(true));
})();
