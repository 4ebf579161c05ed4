// Draws the charts from the rows in the page, and again when light turns to dark. All else is there without it.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const tip = document.body.appendChild(Object.assign(document.createElement("div"), { className: "tip", hidden: true }));
  const views = new Map();

  // Vega's own tooltip writes a style attribute, which the page's policy forbids.
  function tooltip(handler, event, item, value) {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    tip.replaceChildren(...Object.entries(value).map(([name, shown]) => {
      const line = document.createElement("div");
      line.appendChild(document.createElement("span")).textContent = name;
      line.appendChild(document.createElement("b")).textContent = String(shown);
      return line;
    }));
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8)) + "px";
    tip.style.top = Math.max(4, event.clientY + 14 + height > innerHeight ? event.clientY - height - 10 : event.clientY + 14) + "px";
  }

  async function draw(theme, name, { rows, charts }) {
    const card = document.querySelector(`[data-insight="${name}"]`);
    const spec = charts[theme];
    spec.data.values = rows;
    views.get(name)?.finalize();
    const result = await vegaEmbed(card.querySelector(".chart"), spec, { tooltip });
    views.set(name, result);
    card.view = result.view;
    card.dataset.drawn = theme;
  }

  async function drawAll() {
    delete document.body.dataset.ready;
    const theme = dark.matches ? "dark" : "light";
    await Promise.all(Object.entries(data).map(([name, each]) => draw(theme, name, each)));
    document.body.dataset.ready = "true";
  }

  dark.addEventListener("change", drawAll);
  drawAll();
})();
