// Elements, texts of amounts, and the tip beside the pointer.

const data = JSON.parse(document.getElementById("data").textContent);
const tip = document.getElementById("tip");

// Text becomes a text node, never markup: names come from a program and may contain anything.
function svg(parent, name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function html(parent, name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let unit = 0;
  if (n < 0) return "-" + bytes(-n);
  while (n >= 1024 && unit < 6) n /= 1024, unit++;
  return (unit === 0 || n % 1 === 0 ? n : n.toFixed(1)) + " " + units[unit];
}

function time(ns) {
  if (ns === 0) return "0";
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["us", 1e3]])
    if (ns >= size) return +(ns / size).toPrecision(3) + " " + unit;
  return Math.round(ns) + " ns";
}

function exact(n) {
  return Math.abs(n) < 1024 ? n + " bytes" : n + " bytes (" + bytes(n) + ")";
}

function blocksText(n) {
  return n + (Math.abs(n) === 1 ? " block" : " blocks");
}

// PART of WHOLE in percent.
function share(part, whole) {
  const percent = whole === 0 ? 0 : 100 * part / whole;
  return (percent > 0 && percent < 0.1 ? "< 0.1" : percent.toFixed(1)) + " %";
}

function showTip(event, text) {
  tip.textContent = text;
  tip.hidden = false;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  const above = event.clientY - tip.offsetHeight - 12;
  tip.style.left = Math.max(8, Math.min(event.clientX + 14, room)) + "px";
  tip.style.top = (above >= 8 ? above : event.clientY + 18) + "px";
}

function hideTip() { tip.hidden = true; }

function describe(element, text) {
  element.addEventListener("pointermove", event => showTip(event, text));
  element.addEventListener("pointerleave", hideTip);
}
