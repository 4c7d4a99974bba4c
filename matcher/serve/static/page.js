"use strict";
// What every page does beyond its plain form: it tells what was refused, and that work goes on.

const problems = document.getElementById("problems");
if (problems) problems.focus();

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.dataset.words = button.textContent;
    button.textContent = form.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    const button = form.querySelector("button");
    button.textContent = button.dataset.words;
    button.removeAttribute("aria-disabled");
  }
});
