"use strict";
/* Sorting and filtering; the page says everything without it. Text is set with textContent only. */
(function () {
  const tools = document.querySelector(".tools");
  const words = tools ? tools.dataset : { sort: "{column}" };
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  function value(unit, column) {
    const row = unit.tagName === "TR" ? unit : unit.rows[0];
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  }

  function sort(table, column, heading) {
    const units = table.tBodies.length > 1 ? all("tbody", table) : all("tbody > tr", table);
    if (!units.length) return;
    const before = heading.getAttribute("aria-sort");
    const numeric = typeof value(units[0], column) === "number";
    const descending = before ? before === "ascending" : numeric;
    all("th", table).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const compare = numeric
      ? (a, b) => a.key - b.key
      : (a, b) => a.key.localeCompare(b.key, document.documentElement.lang, { numeric: true });
    const keyed = units.map((unit) => ({ unit, key: value(unit, column) }));
    keyed.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    const parent = units[0].parentNode;
    keyed.forEach((entry) => parent.appendChild(entry.unit));
  }

  all("table.sort").forEach((table) => {
    all("thead th", table).forEach((heading, column) => {
      const title = heading.textContent;
      if (!title) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.title = words.sort.replace("{column}", title);
      button.addEventListener("click", () => sort(table, column, heading));
      heading.replaceChildren(button);
    });
  });

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));

  if (!tools) return;
  const units = all("#finding-table tbody").map((body) => ({ body, text: body.textContent.toLowerCase() }));
  const field = (name) => document.getElementById("filter-" + name);
  const shown = document.getElementById("shown");
  const toggle = document.getElementById("toggle");

  function choices(text, key) {
    return key === "r" ? text.split(" ") : [text];
  }

  function accepts(unit, needles, wanted) {
    return needles.every((needle) => unit.text.includes(needle)) &&
      wanted.every(([key, choice]) => !choice || choices(unit.body.dataset[key], key).includes(choice.slice(1)));
  }

  function filter() {
    const needles = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = [["s", field("severity").value], ["r", field("rule").value], ["o", field("owner").value]];
    let count = 0;
    units.forEach((unit) => {
      unit.body.hidden = !accepts(unit, needles, wanted);
      count += unit.body.hidden ? 0 : 1;
    });
    shown.textContent = tools.dataset.shown.replace("{n}", count).replace("{total}", units.length);
  }

  ["text", "severity", "rule", "owner"].forEach((name) => field(name).addEventListener("input", filter));
  toggle.addEventListener("click", () => {
    const open = toggle.textContent === toggle.dataset.open;
    all("#finding-table details").forEach((details) => { details.open = open; });
    toggle.textContent = open ? toggle.dataset.close : toggle.dataset.open;
  });
  tools.hidden = false;
  filter();
})();
