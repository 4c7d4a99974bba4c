"use strict";
// What every page does beyond its plain form: it tells what was refused, and sends no form twice.

const problems = document.getElementById("problems");
if (problems) problems.focus();

function send(event) {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  const button = event.submitter || form.querySelector("button");
  form.dataset.sent = button.textContent;
  button.textContent = form.dataset.busy;
  button.setAttribute("aria-disabled", "true");
}

// A page that the browser kept, and shows again by its button for going back.
function renew(form) {
  const button = form.querySelector('[aria-disabled="true"]');
  button.textContent = form.dataset.sent;
  button.removeAttribute("aria-disabled");
  delete form.dataset.sent;
}

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", send);
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(renew);
});
