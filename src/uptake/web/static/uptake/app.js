// Small comforts only; every page works without this file.
"use strict";
// The live check of a note posts the form's own token.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (token) event.detail.headers["X-CSRFToken"] = token.value;
});
// A form with typed text asks before the page is left.
let dirty = false;
document.addEventListener("input", (event) => { if (event.target.closest("form.edit")) dirty = true; });
document.addEventListener("submit", () => { dirty = false; });
window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
