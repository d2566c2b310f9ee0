// The section of stacks: its controls, and the lines of text about what is shown.

const search = document.getElementById("search"), found = document.getElementById("found");
const checks = {fold: document.getElementById("fold"), startup: document.getElementById("startup")};
const choices = {metric: document.getElementById("metric"), side: document.getElementById("side")};
let foundAt = -1; // the frame of those found that was gone to last

function showChoices() {
  for (const name in choices) choices[name].value = shown[name];
  for (const name of ["unit", "order"])
    for (const button of document.getElementsByName(name)) button.checked = button.value === shown[name];
  for (const name in checks) checks[name].checked = shown[name] === "yes";
  document.getElementById("key-kinds").hidden = isDifference();
  document.getElementById("key-difference").hidden = !isDifference();
  for (const option of choices.metric.options) option.text = metricText(option.value);
  if (search.value !== shown.search) search.value = shown.search;
}

// What each metric says of the range.
function showSummary() {
  const {num} = stacks, list = document.getElementById("summary"), add = (a, b) => a + b;
  const text = (source, metric, from, to) => {
    const sums = amountsOf(source, metric, from, to, num);
    return exact(sums.bytes.reduce(add, 0)) + " in " + blocksText(sums.blocks.reduce(add, 0));
  };
  list.replaceChildren();
  for (const metric of Object.keys(METRICS)) {
    if (isWhole() && metric === "live") continue;
    const item = html(list, "div");
    item.dataset.metric = metric;
    html(item, "dt", "", METRICS[metric][isWhole() ? "whole" : "in"]);
    html(item, "dd", "", text(newer, metric, shown.from, shown.to));
    if (older) html(item, "dd", "old", "old: "
      + text(older, metric, ...sameShare(newer, older, shown.from, shown.to)));
  }
}

function metricText(metric) {
  return METRICS[metric][isWhole() ? "whole" : "in"];
}

function nothingText() {
  return isDifference() ? "no stack differs in what was " + metricText(shown.metric) + (shown.unit === "blocks"
    ? ", in blocks" : "") : "there is nothing of this in the range";
}

function showDetails() {
  const place = document.getElementById("details"), view = flameView, path = pathTo(view.tree, current);
  place.replaceChildren();
  html(place, "b", "", nodeTitle(view, current));
  html(place, "span", "", view.sums.value[view.zoom] > 0 ? nodeLines(view, current).join("; ") : nothingText());
  if (path.length > 2) {
    const line = html(place, "small");
    path.slice(1, -1).forEach((node, i) => {
      if (i > 0) line.append(shown.order === "callers" ? " > " : " < ");
      addName(line, view.tree, node);
    });
  }
  markChosen(view);
}

// Which metrics differ besides the one that is shown.
function showDiffering() {
  const place = document.getElementById("differing");
  place.hidden = !isDifference();
  if (!isDifference()) return;
  const all = differing(shown), others = all.filter(metric => metric !== shown.metric
    && !(isWhole() && metric === "live"));
  place.textContent = (others.length > 0 ? `${all.includes(shown.metric) ? "also different" : "different"}: ${
    others.map(metricText).join("; ")}` : all.length > 0 ? "nothing else differs" : "nothing differs")
    + (others.length === 0 && shown.unit === "blocks" ? " in blocks" : "");
}

// How much the search finds: frames within frames that are found count once.
function showFound(view) {
  const {tree, sums, zoom} = view;
  let value = 0, num = 0;
  for (const id of ["next", "previous"]) document.getElementById(id).disabled = foundFrames().length === 0;
  found.textContent = "";
  if (!view.found) return;
  const inside = below(tree, zoom), {match, on} = view.found;
  for (let node = 1; node < tree.num; node++) {
    if (!match[node] || sums.value[node] === 0) continue;
    if (inside[node]) num++;
    if (inside[node] && node !== zoom && !on[tree.parent[node]]) value += sums.value[node];
  }
  if (on[zoom]) value = sums.value[zoom];
  found.textContent = `${num} ${num === 1 ? "frame" : "frames"}, ${amountText(value, shown.unit)}, ${
    share(value, sums.value[zoom])}${zoom > 0 ? " of the frame" : ""}`;
}

// The frames that are found and drawn, the widest first.
function foundFrames() {
  return frames.filter(f => f.merged === 0 && f.element.classList.contains("match"))
    .sort((a, b) => b.width - a.width || a.level - b.level);
}

// Go to the next of them; STEP -1: to the one before.
function goToFound(step) {
  const all = foundFrames();
  if (all.length === 0) return;
  foundAt = (foundAt + step + all.length) % all.length;
  choose(all[foundAt].node, false);
}

// What is said of the stacks of SOURCE that are not there as they were; NUMBERS are those of its trace.
function mergedText(source, numbers, which) {
  const {merged, mergedBytes} = source;
  if (merged === 0) return "";
  return `${merged} ${merged === 1 ? "stack" : "stacks"}${which} with little memory, ${
    share(mergedBytes, numbers.made_bytes)} of the bytes, ${
    merged === 1 ? "is" : "are"} shown without the frames between. `;
}

function showMerged() {
  document.getElementById("merged").textContent = mergedText(newer, data.numbers, older ? " of the new trace" : "")
    + (older ? mergedText(older, data.old.numbers, " of the old trace") : "");
  if (older && newer.merged + older.merged > 0)
    document.getElementById("merged").append("What is shown so of one trace only is a difference too.");
}

drawAll = () => {
  showRange();
  showChoices();
  const view = makeView();
  drawFlame(view);
  showDetails();
  showDiffering();
  showFound(view);
  drawTable(view);
  showSummary();
  document.getElementById("up").disabled = view.zoom === 0;
  document.getElementById("top").disabled = view.zoom === 0;
};

function prepareControls() {
  for (const name in choices)
    choices[name].addEventListener("change", () => change({[name]: choices[name].value}));
  for (const button of document.getElementsByName("unit"))
    button.addEventListener("change", () => change({unit: button.value}));
  // A frame of one tree is not one of the other.
  for (const button of document.getElementsByName("order"))
    button.addEventListener("change", () => { current = 0; change({order: button.value, zoom: []}, true); });
  for (const name in checks)
    checks[name].addEventListener("change", () => {
      current = 0;
      change({[name]: checks[name].checked ? "yes" : "no", zoom: []}, true);
    });
  search.addEventListener("input", () => { foundAt = -1; change({search: search.value}); });
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") goToFound(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") search.value = "", change({search: ""});
  });
  document.getElementById("next").addEventListener("click", () => goToFound(1));
  document.getElementById("previous").addEventListener("click", () => goToFound(-1));
  document.getElementById("up").addEventListener("click", zoomOut);
  document.getElementById("top").addEventListener("click", () => zoomTo(0));
}

function prepareStacks() {
  document.getElementById("stacks").hidden = newer.moves.num + (older ? older.moves.num : 0) === 0;
  document.getElementById("side-choice").hidden = !older;
  prepareRange();
  prepareControls();
  showMerged();
  readAddress();
  current = -1; // the frame that is as wide as the graph
  addEventListener("hashchange", () => {
    readAddress();
    current = -1; // the frame that is as wide as the graph
    drawSoon();
  });
  drawAll();
}
