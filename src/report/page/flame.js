// The flame graph: a row of frames for each level of the tree, as wide as their amounts.  Frames too small to see are
// drawn as one; elements stay those of their nodes, so that it follows the pointer while a range is selected.

const ROW = 20;            // pixels; stacks.css has it too
const FRAMES_MAX = 900;   // drawn at once
const flame = document.getElementById("flame");
let frames = [];           // as drawn: {node, merged, left, width, level, element}; merged: how many are one
let current = 0;           // the node that details are shown of, in the tree of the view
let flameView;
let elements = new Map(); // of frames, by node and whether several are one

// The frames of VIEW, none of one node narrower than LEAST (a share of the width).
function layOut(view, least) {
  const {tree, sums, order, zoom} = view, {value} = sums, all = value[zoom], drawn = [];
  const place = (parent, left, level) => {
    let small = 0, merged = 0, last = 0;
    const children = [];
    for (let node = tree.first[parent]; node > 0; node = tree.next[node]) {
      if (value[node] / all >= least) children.push(node);
      else if (value[node] > 0) small += value[node], merged++, last = node;
    }
    children.sort((a, b) => order[b] - order[a] || a - b);
    for (const node of children) {
      const width = value[node] / all;
      drawn.push({node, merged: 0, left, width, level});
      place(node, left, level + 1);
      left += width;
    }
    if (merged > 0) drawn.push({node: merged === 1 ? last : parent, merged, left, width: small / all, level, small});
  };
  pathTo(tree, zoom).forEach((node, level) => drawn.push({node, merged: 0, left: 0, width: 1, level}));
  if (all > 0) place(zoom, 0, tree.level[zoom] + 1);
  return drawn;
}

// As many frames as can be told apart, and at most FRAMES_MAX.
function layOutFew(view, pixels) {
  for (let least = 3 / pixels;; least *= 2) {
    const drawn = layOut(view, least).filter(f => f.merged === 0 || f.width * pixels >= 1);
    if (drawn.length <= FRAMES_MAX || least > 0.5) return drawn;
  }
}

function frameText(view, frame) {
  if (frame.merged > 0) return frame.merged + (frame.merged === 1 ? " small frame" : " small frames");
  return labelOf(view.tree, frame.node);
}

function frameLines(view, frame) {
  if (frame.merged === 0) return [nodeTitle(view, frame.node), ...nodeLines(view, frame.node)];
  return [frameText(view, frame) + " in " + labelOf(view.tree, frame.merged === 1
    ? view.tree.parent[frame.node] : frame.node), "together " + amountText(frame.small, shown.unit)
    + ", " + share(frame.small, view.sums.value[0])];
}

const KIND_CLASSES = ["f", "p", "j", "f", "o"];

// Colours: scopes, JIT code and functions have four each, by name; for differences red is more and blue less.
function frameClass(view, frame) {
  const {tree, found} = view, {node, merged} = frame;
  const name = ["frame"];
  if (merged > 0) name.push("merged");
  else if (isDifference()) name.push(moreOf(view, node) >= 0 ? "more" : "less");
  else name.push(node === 0 ? "all" : KIND_CLASSES[withoutGap(tree.kind[node])] + tree.name[node] % 4);
  if (merged === 0 && tree.level[node] < tree.level[view.zoom]) name.push("above");
  if (found) name.push((merged > 0 ? found.has[node] : found.match[node]) ? "match" : "no-match");
  return name.join(" ");
}

function moreOf(view, node) {
  return view.sums.new[shown.unit][node] - view.sums.old[shown.unit][node];
}

// Give each frame an element, in the order of the frames: that of the same node as before, where there is one.
function placeElements() {
  const before = elements;
  let place = flame.firstChild;
  elements = new Map();
  for (const frame of frames) {
    const key = frame.node * 2 + (frame.merged > 0 ? 1 : 0);
    frame.element = before.get(key) || document.createElement("div");
    before.delete(key);
    elements.set(key, frame.element);
  }
  for (const element of before.values()) {
    if (element === place) place = place.nextSibling;
    element.remove();
  }
  for (const {element} of frames)
    if (element === place) place = place.nextSibling;
    else flame.insertBefore(element, place);
}

// Set what has changed of the element of FRAME, which costs much less than setting all.  Nothing here asks for a size.
function show(view, frame, pixels) {
  const {element} = frame, is = element.shown ||= {};
  const set = (key, value, apply) => {
    if (is[key] !== value) apply(is[key] = value);
  };
  set("class", frameClass(view, frame), v => element.className = v);
  set("left", (frame.left * 100).toFixed(4) + "%", v => element.style.left = v);
  set("width", (frame.width * 100).toFixed(4) + "%", v => element.style.width = v);
  set("top", frame.level * ROW + "px", v => element.style.top = v);
  set("text", frame.width * pixels < 24 ? "" : frameText(view, frame), v => element.textContent = v);
  set("role", "treeitem", v => element.setAttribute("role", v));
  set("level", frame.level + 1, v => element.setAttribute("aria-level", v));
  set("label", frameLines(view, frame).join(", "), v => element.setAttribute("aria-label", v));
  set("color", !isDifference() ? "" : frame.merged > 0 ? "0%"
    : (100 * Math.abs(moreOf(view, frame.node)) / (view.sums.value[frame.node] || 1)).toFixed(0) + "%",
    v => element.style.setProperty("--much", v));
  element.frame = frame;
}

function frameOf(node) {
  return frames.find(f => f.node === node && f.merged === 0);
}

function drawFlame(view) {
  const isFocused = flame.contains(document.activeElement), pixels = Math.max(200, flame.clientWidth);
  flameView = view;
  frames = layOutFew(view, pixels);
  placeElements();
  for (const frame of frames) show(view, frame, pixels);
  flame.style.height = (1 + frames.reduce((most, f) => Math.max(most, f.level), 0)) * ROW + "px";
  if (!frameOf(current)) current = view.zoom;
  markCurrent(isFocused);
}

// One frame takes part in the order of the tab key; the arrow keys lead from it to others.
function markCurrent(isFocused) {
  const frame = frameOf(current) || frames[0];
  for (const {element} of frames) {
    const index = element === frame.element ? 0 : -1;
    if (element.tabIndex !== index || !element.hasAttribute("tabindex")) element.tabIndex = index;
    element.classList.toggle("current", index === 0 && current !== 0);
  }
  if (isFocused && document.activeElement !== frame.element) frame.element.focus({preventScroll: true});
}

// Make NODE the one that details are shown of, and bring it into sight.
function choose(node, isFocused) {
  current = node;
  markCurrent(isFocused);
  const frame = frameOf(node), box = flame.parentElement;
  if (frame) {
    const top = frame.level * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  }
  showDetails();
}

// The frame that KEY leads to from FRAME, if any.
function neighbour(key, frame) {
  const {tree} = flameView, row = frames.filter(f => f.level === frame.level && f.merged === 0);
  const i = row.indexOf(frame);
  switch (key) {
  case "ArrowUp": return frameOf(tree.parent[frame.node]);
  case "ArrowDown": return frames.filter(f => f.merged === 0 && tree.parent[f.node] === frame.node)
    .sort((a, b) => b.width - a.width)[0];
  case "ArrowLeft": return row[i - 1];
  case "ArrowRight": return row[i + 1];
  case "Home": return frames[0];
  default: return undefined;
  }
}

function zoomTo(node) {
  current = node;
  if (node !== flameView.zoom) change({zoom: namesTo(flameView.tree, node)}, true);
}

function zoomOut() {
  zoomTo(Math.max(0, flameView.tree.parent[flameView.zoom]));
}

flame.addEventListener("keydown", event => {
  const frame = event.target.frame;
  if (!frame || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") zoomTo(frame.node);
  else if (event.key === "Escape" || event.key === "Backspace") zoomOut();
  else {
    const next = neighbour(event.key, frame);
    if (!next && !event.key.startsWith("Arrow")) return;
    if (next) choose(next.node, true);
  }
  event.preventDefault();
});
flame.addEventListener("click", event => {
  if (event.target.frame) zoomTo(event.target.frame.node);
});
flame.addEventListener("pointermove", event => {
  if (event.target.frame) showTip(event, frameLines(flameView, event.target.frame).join("\n"));
  else hideTip();
});
flame.addEventListener("pointerleave", hideTip);
flame.addEventListener("focusin", event => {
  if (event.target.frame && event.target.frame.merged === 0 && event.target.frame.node !== current)
    choose(event.target.frame.node, true);
});
