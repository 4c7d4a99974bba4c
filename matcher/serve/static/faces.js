"use strict";
// The face of a photo is chosen by a click on its box, or by the number of the box.

const boxes = [...document.querySelectorAll(".box")];
const choices = [...document.querySelectorAll('input[name="face"]')];

function show() {
  const chosen = choices.find((choice) => choice.checked);
  for (const box of boxes) {
    box.classList.toggle("chosen", Boolean(chosen) && box.dataset.face === chosen.value);
  }
}

function choose(number) {
  const choice = choices.find((one) => one.value === number);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
  show();
}

for (const box of boxes) box.addEventListener("click", () => choose(box.dataset.face));
for (const choice of choices) choice.addEventListener("change", show);
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches('input:not([type="radio"], [type="checkbox"]), select, textarea');
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (/^[1-9]$/.test(event.key)) choose(event.key);
});
show();
