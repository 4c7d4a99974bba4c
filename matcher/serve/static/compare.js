"use strict";
// Two photos beside each other: linked zoom, flip, brightness, level eyes, an overlay to swipe.

const LARGEST = 12;
const views = [...document.querySelectorAll("[data-view]")];
const stage = document.getElementById("views");
const edge = document.getElementById("edge");
const range = document.getElementById("edge-range");
const START = { scale: 1, x: 0, y: 0, flipped: false, bright: 100 };
const looks = new Map(views.map((view) => [view.dataset.view, { ...START }]));
let linked = true;
let whole = false;
let overlaid = false;

const view = (name) => views.find((one) => one.dataset.view === name);
const button = (what, of) =>
  document.querySelector(`[data-do="${what}"]` + (of ? `[data-of="${of}"]` : ""));
const press = (what, on, of) => button(what, of).setAttribute("aria-pressed", String(on));
const together = (name) => (linked || overlaid ? [...looks.keys()] : [name]);

function draw() {
  for (const [name, look] of looks) {
    const one = view(name);
    one.classList.toggle("zoomed", look.scale > 1);
    const picture = one.querySelector("img");
    if (!picture) continue;
    const { width, height } = one.getBoundingClientRect();
    const flip = look.flipped ? `translateX(100%) scaleX(-1)` : "";
    picture.style.transform =
      `translate(${look.x * width}px, ${look.y * height}px) scale(${look.scale}) ${flip}`;
    picture.style.filter = look.bright === 100 ? "" : `brightness(${look.bright}%)`;
    press("flip", look.flipped, name);
    document.getElementById(`bright-${name}`).value = look.bright;
  }
  const scales = [...looks.values()].map((look) => `${Number(look.scale.toFixed(1))}×`);
  document.getElementById("scale").textContent = [...new Set(scales)].join(" and ");
  const part = Number(range.value);
  view("subject").style.clipPath = overlaid ? `inset(0 0 0 ${part}%)` : "";
  edge.style.marginLeft = `${part}%`;
}

function clamp(look) {
  const least = 1 - look.scale;
  look.x = Math.min(0, Math.max(least, look.x));
  look.y = Math.min(0, Math.max(least, look.y));
}

// Zoom about a point of the view, given as a share of its width and height.
function zoom(name, factor, x = 0.5, y = 0.5) {
  for (const each of together(name)) {
    const look = looks.get(each);
    const scale = Math.min(LARGEST, Math.max(1, look.scale * factor));
    look.x = x - (x - look.x) * (scale / look.scale);
    look.y = y - (y - look.y) * (scale / look.scale);
    look.scale = scale;
    clamp(look);
  }
  draw();
}

function move(name, right, down) {
  for (const each of together(name)) {
    const look = looks.get(each);
    look.x += right;
    look.y += down;
    clamp(look);
  }
  draw();
}

function flip(name) {
  const look = looks.get(name);
  look.flipped = !look.flipped;
  draw();
}

function brighten(name, by) {
  const look = looks.get(name);
  look.bright = Math.min(250, Math.max(40, look.bright + by));
  draw();
}

function link() {
  linked = !linked;
  if (linked) Object.assign(looks.get("subject"), placeOf("probe"));
  press("link", linked);
  draw();
}

function placeOf(name) {
  const { scale, x, y } = looks.get(name);
  return { scale, x, y };
}

function showWhole() {
  whole = !whole;
  for (const one of views) {
    const picture = one.querySelector("img");
    if (picture) picture.src = (whole ? picture.dataset.whole : picture.dataset.aligned) || picture.src;
  }
  press("whole", whole);
  for (const look of looks.values()) Object.assign(look, { scale: 1, x: 0, y: 0 });
  draw();
}

function overlay() {
  overlaid = !overlaid;
  stage.classList.toggle("overlaid", overlaid);
  edge.hidden = !overlaid;
  document.getElementById("swipe").hidden = !overlaid;
  press("overlay", overlaid);
  if (overlaid) Object.assign(looks.get("subject"), placeOf("probe"));
  draw();
}

function swipe(by) {
  if (!overlaid) return;
  range.value = Number(range.value) + by;
  draw();
}

function wide() {
  const on = document.querySelector(".desk").classList.toggle("wide");
  press("wide", on);
  draw();
}

function reset() {
  for (const look of looks.values()) Object.assign(look, START);
  range.value = 50;
  draw();
}

function go(id) {
  const there = document.getElementById(id);
  if (!there) return;
  there.scrollIntoView({ block: "start" });
  there.focus();
}

function follow(id) {
  const there = document.getElementById(id);
  if (there) there.click();
}

function focused() {
  return views.includes(document.activeElement) ? document.activeElement.dataset.view : null;
}

const KEYS = {
  "+": () => zoom(focused() || "probe", 1.25),
  "=": () => zoom(focused() || "probe", 1.25),
  "-": () => zoom(focused() || "probe", 0.8),
  "−": () => zoom(focused() || "probe", 0.8),
  0: reset,
  a: showWhole,
  t: link,
  o: overlay,
  ",": () => swipe(-5),
  ".": () => swipe(5),
  f: () => flip("probe"),
  g: () => flip("subject"),
  v: () => brighten("probe", -10),
  b: () => brighten("probe", 10),
  n: () => brighten("subject", -10),
  m: () => brighten("subject", 10),
  w: wide,
  c: openChecklist,
  e: () => go("write"),
  j: () => follow("next"),
  k: () => follow("previous"),
  "?": () => go("keys"),
};

const ARROWS = {
  ArrowLeft: [0.05, 0],
  ArrowRight: [-0.05, 0],
  ArrowUp: [0, 0.05],
  ArrowDown: [0, -0.05],
};

const DEEDS = {
  in: () => zoom("probe", 1.25),
  out: () => zoom("probe", 0.8),
  link, overlay, wide, reset,
  whole: showWhole,
};

function openChecklist() {
  const first = document.querySelector(".feature input:checked");
  if (!first) return;
  first.closest(".region").open = true;
  first.focus();
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.target;
  const typing = target.matches('input:not([type="radio"], [type="checkbox"]), select, textarea');
  if (typing || !document.getElementById("keys-on").checked) return;
  if (focused() && ARROWS[event.key]) {
    move(focused(), ...ARROWS[event.key]);
    event.preventDefault();
    return;
  }
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

// One pointer moves a picture; two make it larger or smaller.
function listen(one) {
  const name = one.dataset.view;
  const held = new Map();
  const share = (x, y) => {
    const box = one.getBoundingClientRect();
    return [(x - box.left) / box.width, (y - box.top) / box.height];
  };
  const spread = () => {
    const [first, second] = [...held.values()];
    return Math.hypot(first[0] - second[0], first[1] - second[1]);
  };
  one.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, share(event.clientX, event.clientY));
    one.setPointerCapture(event.pointerId);
  });
  one.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    const before = held.get(event.pointerId);
    const now = share(event.clientX, event.clientY);
    if (held.size === 1) {
      held.set(event.pointerId, now);
      move(name, now[0] - before[0], now[1] - before[1]);
      return;
    }
    if (held.size !== 2) return;
    const apart = spread();
    held.set(event.pointerId, now);
    const middle = [...held.values()].reduce((sum, at) => [sum[0] + at[0] / 2, sum[1] + at[1] / 2], [0, 0]);
    if (apart > 0) zoom(name, spread() / apart, ...middle);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    one.addEventListener(end, (event) => held.delete(event.pointerId));
  }
  one.addEventListener("wheel", (event) => {
    if (focused() !== name && !event.ctrlKey) return;
    event.preventDefault();
    zoom(name, event.deltaY < 0 ? 1.15 : 1 / 1.15, ...share(event.clientX, event.clientY));
  }, { passive: false });
  one.tabIndex = 0;
}

for (const id of ["tools", "adjusts", "keys"]) document.getElementById(id).hidden = false;
document.getElementById("keys").tabIndex = -1;
views.forEach(listen);
for (const one of document.querySelectorAll("[data-do]")) {
  one.addEventListener("click", () => {
    if (one.dataset.do === "flip") flip(one.dataset.of);
    else DEEDS[one.dataset.do]();
  });
}
for (const one of document.querySelectorAll("[data-bright]")) {
  one.addEventListener("input", () => {
    looks.get(one.dataset.bright).bright = Number(one.value);
    draw();
  });
}
range.addEventListener("input", draw);
window.addEventListener("resize", draw);
document.addEventListener("keydown", onKey);
draw();
