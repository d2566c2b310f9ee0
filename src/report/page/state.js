// What the section of stacks shows.  It is in the address too, behind "#", so that a link or a bookmark leads to the
// same picture, and the browser's way back out of a frame.

const DEFAULTS = {from: 0, to: 0, metric: "allocated", unit: "bytes", order: "callers", fold: "no", startup: "no",
  side: "difference", search: ""};
const CHOICES = {metric: Object.keys(METRICS), unit: ["bytes", "blocks"], order: ["callers", "callees"],
  fold: ["no", "yes"], startup: ["no", "yes"], side: ["difference", "new", "old"]};
const ALWAYS = new Set(); // what the address has even if it is as at first, since that depends on the page
let shown = {...DEFAULTS, zoom: []}; // zoom: namesTo the frame that is as wide as the graph
let drawAll = () => {}; // set by stacks.js
let isDue = false;      // whether drawAll will run before the next picture
let addressTimer;

function writeAddress(isStep) {
  const parts = new URLSearchParams();
  for (const key in DEFAULTS)
    if (shown[key] !== DEFAULTS[key] || ALWAYS.has(key)) parts.set(key, shown[key]);
  for (const name of shown.zoom) parts.append("zoom", name);
  const address = "#" + parts;
  if (address === location.hash || (address === "#" && location.hash === "")) return;
  try {
    history[isStep ? "pushState" : "replaceState"](null, "", address);
  } catch { // some browsers keep the history of a file from its scripts
  }
}

// A whole number from FIRST to LAST, else OTHER.
function wholeNumber(text, first, last, other) {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : -1;
  return number >= first && number <= last ? number : other;
}

// Show what the address says; what it does not say or says wrongly is as at first.
function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1)), last = DEFAULTS.to;
  clearTimeout(addressTimer);
  shown = {...DEFAULTS};
  for (const key in CHOICES)
    if (CHOICES[key].includes(parts.get(key))) shown[key] = parts.get(key);
  shown.from = wholeNumber(parts.get("from"), 0, last - 1, 0);
  shown.to = wholeNumber(parts.get("to"), shown.from + 1, last, last);
  shown.search = (parts.get("search") || "").slice(0, 1000);
  const {tree} = treeOf(shown);
  shown.zoom = namesTo(tree, nodeAt(tree, parts.getAll("zoom")));
}

function drawSoon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawAll();
  });
}

// Show CHANGES too.  IS_STEP: the browser's way back leads to what was shown before.  Otherwise the address follows
// when nothing has changed for a while, since browsers allow few changes a second.
function change(changes, isStep) {
  clearTimeout(addressTimer);
  if (isStep) writeAddress(false);
  Object.assign(shown, changes);
  if (isStep) writeAddress(true);
  else addressTimer = setTimeout(writeAddress, 200, false);
  drawSoon();
}
