"use strict";
// Long work is asked for its state every two seconds. When it ends, the page is read again.

const box = document.getElementById("progress");
const ended = ["done", "failed", "stopped"];

async function look() {
  const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    document.getElementById("count").textContent = "Load the page again to see how far it is.";
    return true;
  }
  const job = await answer.json();
  const bar = document.getElementById("bar");
  if (bar) bar.value = job.done;
  document.getElementById("state").textContent = job.state;
  document.getElementById("count").textContent = `${job.done} of ${job.total || "an unknown number"}`;
  if (!ended.includes(job.state)) return false;
  location.reload();
  return true;
}

async function watch() {
  if (!(await look().catch(() => false))) setTimeout(watch, 2000);
}

if (!ended.includes(document.getElementById("state").textContent)) setTimeout(watch, 2000);
