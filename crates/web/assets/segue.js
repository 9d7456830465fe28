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

// Paints a week: a press or a stroke fills or empties quarters of an hour; the form carries them.
(() => {
  const svg = document.querySelector("svg.week");
  const field = document.querySelector("input[name=painted]");
  const words = document.querySelector("input[name=window]");
  if (!svg || !field || !words) return;
  const ORIGIN = { x: 36, y: 18 }, CELL = { width: 44, height: 6 }, DAY = 96;
  const cells = [...svg.dataset.cells].flatMap((digit) => {
    const bits = parseInt(digit, 16);
    return [8, 4, 2, 1].map((bit) => (bits & bit) !== 0);
  });
  const under = (event) => {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const day = Math.floor(((event.clientX - box.left) * scale - ORIGIN.x) / CELL.width);
    const quarter = Math.floor(((event.clientY - box.top) * scale - ORIGIN.y) / CELL.height);
    return day >= 0 && day < 7 && quarter >= 0 && quarter < DAY ? day * DAY + quarter : -1;
  };
  const draw = () => {
    svg.querySelectorAll(".run").forEach((bar) => bar.remove());
    cells.forEach((filled, at) => {
      if (!filled) return;
      const bar = document.createElementNS(svg.namespaceURI, "rect");
      bar.setAttribute("class", "bo run");
      bar.setAttribute("x", ORIGIN.x + Math.floor(at / DAY) * CELL.width);
      bar.setAttribute("y", ORIGIN.y + (at % DAY) * CELL.height);
      bar.setAttribute("width", CELL.width);
      bar.setAttribute("height", CELL.height);
      svg.insertBefore(bar, svg.querySelector("text"));
    });
    field.value = cells.map(Number).join("").match(/.{4}/g).map((four) => parseInt(four, 2).toString(16)).join("");
  };
  let stroke = null, last = -1;
  const begin = () => { stroke = null; last = -1; };
  const paint = (event) => {
    const at = under(event);
    if (at < 0) return;
    if (stroke === null) stroke = !cells[at];
    // A quick stroke skips events, not quarters.
    const along = last >= 0 && Math.floor(last / DAY) === Math.floor(at / DAY);
    const [first, end] = along ? [Math.min(last, at), Math.max(last, at)] : [at, at];
    cells.fill(stroke, first, end + 1);
    last = at;
    draw();
  };
  // A finger scrolls the page, and fills or empties with a tap.
  svg.addEventListener("click", (event) => { if (event.pointerType === "touch") { begin(); paint(event); } });
  svg.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") return; event.preventDefault(); begin(); svg.setPointerCapture(event.pointerId); paint(event); });
  svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) paint(event); });
  // Words typed after painting count.
  words.addEventListener("input", () => { field.value = ""; });
})();
