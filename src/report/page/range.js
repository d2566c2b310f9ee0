// The range of time that is selected: on the chart of live bytes with the pointer, below it with two sliders.

const from = document.getElementById("from"), to = document.getElementById("to");
let liveChart; // that of drawLive
let dragged;   // the slice in which a drag on the chart began, and the place; undefined: none

function sliceStart(slice) {
  return Math.min(duration, slice * newer.slice);
}

function isWhole() {
  return shown.from === 0 && shown.to === newer.slices;
}

function oldText() {
  const [first, end] = sameShare(newer, older, shown.from, shown.to).map(slice =>
    time(Math.min(older.length, slice * older.slice)));
  return first + " to " + end;
}

function rangeText() {
  if (isWhole()) return "the whole run, " + time(data.numbers.duration_ns);
  const start = sliceStart(shown.from), end = sliceStart(shown.to);
  return `${time(start)} to ${time(end)}, ${time(end - start)} of ${time(duration)}${older ? "; old: " + oldText() : ""}`;
}

// Shade what is not in the range.
function markRange() {
  const {plot, x, width, height} = liveChart, start = x(sliceStart(shown.from)), end = x(sliceStart(shown.to));
  for (const old of plot.querySelectorAll(".outside, .edge")) old.remove();
  if (isWhole()) return;
  for (const [left, right] of [[LEFT, start], [end, width - RIGHT]])
    svg(plot, "rect", {class: "outside", x: left, y: TOP, width: Math.max(0, right - left),
      height: height - TOP - BOTTOM});
  for (const edge of [start, end]) svg(plot, "line", {class: "edge", x1: edge, x2: edge, y1: TOP, y2: height - BOTTOM});
}

// The line of what the chosen frame has live, in the chart of all live bytes.
function markChosen(view) {
  const {plot, key} = liveChart;
  for (const old of [...plot.querySelectorAll(".chosen-line"), ...key.querySelectorAll(".chosen")]) old.remove();
  delete liveChart.figure.dataset.chosen;
  if (current === 0) return;
  const inside = below(view.tree, current), is = view.base.at.map(stack => stack > 0 ? inside[view.at[stack]] : 0);
  const live = liveOf(newer, is);
  svg(plot, "path", {class: "chosen-line",
    d: `M${LEFT} ${liveChart.y(live[0]).toFixed(1)}${along(liveChart, live, newer.slice, duration)}`});
  html(key, "span", "chosen", labelOf(view.tree, current) + ", live at the end of each step")
    .style.setProperty("--c", "var(--chosen)");
  liveChart.figure.dataset.chosen = live.join();
}

function showRange() {
  from.value = shown.from;
  to.value = shown.to;
  from.setAttribute("aria-valuetext", time(sliceStart(shown.from)));
  to.setAttribute("aria-valuetext", time(sliceStart(shown.to)));
  document.getElementById("range").textContent = rangeText();
  document.getElementById("whole-run").disabled = isWhole();
  markRange();
}

// A drag selects the slices from where it begins to where it is.
function followDrag(event) {
  const slice = Math.min(newer.slices - 1, Math.floor(liveChart.timeAt(event) / newer.slice));
  if (event.type === "pointerdown") {
    if (event.button === 0) dragged = {slice, x: event.clientX};
  } else if (dragged && (dragged.isOn || Math.abs(event.clientX - dragged.x) > 3)) {
    if (!dragged.isOn) event.currentTarget.setPointerCapture(event.pointerId);
    dragged.isOn = true;
    change({from: Math.min(slice, dragged.slice), to: Math.max(slice, dragged.slice) + 1});
  }
}

function drawLiveChart() {
  liveChart = drawLive();
  if (!newer) return;
  liveChart.plot.classList.add("selects");
  for (const type of ["pointerdown", "pointermove"]) liveChart.plot.addEventListener(type, followDrag);
  for (const type of ["pointerup", "pointercancel"])
    liveChart.plot.addEventListener(type, () => { dragged = undefined; });
}

function prepareRange() {
  document.getElementById("range-controls").hidden = newer.slices < 2;
  from.max = newer.slices - 1;
  to.max = newer.slices;
  from.addEventListener("input", () => {
    const first = Number(from.value);
    change({from: first, to: Math.max(shown.to, first + 1)});
  });
  to.addEventListener("input", () => {
    const end = Number(to.value);
    change({from: Math.min(shown.from, end - 1), to: end});
  });
  document.getElementById("whole-run").addEventListener("click", () => {
    change({from: 0, to: newer.slices});
    from.focus(); // the button cannot keep it
  });
}
