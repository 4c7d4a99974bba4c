"use strict";
// Marks of the checklist by single keys, and how many features of a region were compared.

const MARKS = { s: "similar", d: "different", x: "not visible", u: "" };
const features = [...document.querySelectorAll(".feature")];

function count(region) {
  const all = region.querySelectorAll(".feature").length;
  const marked = region.querySelectorAll('.marks input:checked:not([value=""])').length;
  region.querySelector("[data-count]").textContent = `${marked} of ${all} compared`;
}

function mark(feature, value) {
  const input = feature.querySelector(`input[value="${value}"]`);
  input.checked = true;
  count(feature.closest(".region"));
  const next = features[features.indexOf(feature) + 1];
  if (!next) return;
  next.closest(".region").open = true;
  next.querySelector("input:checked").focus();
}

for (const feature of features) {
  feature.addEventListener("change", () => count(feature.closest(".region")));
  feature.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const value = MARKS[event.key.toLowerCase()];
    if (value === undefined || !document.getElementById("keys-on").checked) return;
    event.preventDefault();
    event.stopPropagation();
    mark(feature, value);
  });
}
