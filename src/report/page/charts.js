// Charts over time: live bytes by scope, and code.

// A chart is as wide as its place, so that its text has the same size everywhere; all in its own units.
const LEFT = 74, RIGHT = 12, TOP = 14, BOTTOM = 26;
const duration = Math.max(1, data.numbers.duration_ns);

function widthOf(figure) {
  return Math.max(300, Math.min(1000, figure.clientWidth || 1000));
}

// Values from 0 to MAX, about COUNT of them, for the lines of a chart.  They are 1, 2 or 5 times a power of ten
// apart; if BINARY, a power of two.
function steps(max, count, binary) {
  let step = binary ? 2 ** Math.max(0, Math.ceil(Math.log2(max / count))) : 10 ** Math.floor(Math.log10(max / count));
  if (!binary) step *= [1, 2, 5, 10].find(n => max / (step * n) <= count) || 10;
  const at = [];
  for (let value = 0; value <= max * 1.0001; value += step) at.push(value);
  return at;
}

// The lines of a chart's scales.
function drawScales(chart, max) {
  const {plot, x, y, width, height} = chart;
  for (const value of steps(max, 5, true)) {
    svg(plot, "line", {class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value)});
    svg(plot, "text", {x: LEFT - 8, y: y(value) + 4, "text-anchor": "end"}, bytes(value));
  }
  for (const ns of steps(duration, width / 125, false)) {
    const anchor = ns === 0 ? "start" : x(ns) > width - 40 ? "end" : "middle";
    svg(plot, "text", {x: x(ns), y: height - 6, "text-anchor": anchor}, time(ns));
  }
}

// The steps of VALUES, each WIDTH nanoseconds of a run of LENGTH; and the same from right to left.
function along(chart, values, width, length) {
  return values.map((value, i) => `V${chart.y(value).toFixed(1)}H${
    chart.x(Math.min(length, (i + 1) * width) / length * duration).toFixed(1)}`).join("");
}

function back(chart, values) {
  return values.map((value, i) =>
    `V${chart.y(value).toFixed(1)}H${chart.x(i * data.width).toFixed(1)}`).reverse().join("");
}

function drawSeries(chart, s) {
  const {plot, x, y} = chart;
  // An area lies on the areas before it.
  if (s.below) svg(plot, "path", {class: "layer", style: `fill:${s.color}`,
    d: `M${x(0)} ${y(s.top[0]).toFixed(1)}${along(chart, s.top, data.width, duration)}${back(chart, s.below)}Z`});
  else svg(plot, "path", {class: s.line, d: `M${x(0)} ${y(s.values[0]).toFixed(1)}${
    along(chart, s.values, s.width || data.width, s.length || duration)}`});
}

// A vertical line under the pointer, and the values there.
function addCross(chart, series) {
  const {plot, x, height} = chart;
  const cross = svg(plot, "line", {class: "cross", y1: TOP, y2: height - BOTTOM, visibility: "hidden"});
  plot.addEventListener("pointermove", event => {
    const at = chart.timeAt(event);
    const bin = Math.min(data.live.length - 1, Math.floor(at / data.width));
    const there = s => s.length ? Math.min(s.values.length - 1, Math.floor(at / duration * s.length / s.width)) : bin;
    cross.setAttribute("x1", x(bin * data.width));
    cross.setAttribute("x2", x(bin * data.width));
    cross.setAttribute("visibility", "visible");
    showTip(event, "after " + time(bin * data.width) + "\n" + series.filter(s => !s.below || s.values[bin] > 0)
      .reverse().map(s => s.name + ": " + exact(s.values[there(s)])).join("\n"));
  });
  plot.addEventListener("pointerleave", () => { cross.setAttribute("visibility", "hidden"); hideTip(); });
}

// A chart over time: lines and areas of SERIES, which have a value for each bin.  A line with a LENGTH is that of
// another run, which is drawn as long as this one.
function lines(id, height, series, label) {
  const figure = document.getElementById(id), width = widthOf(figure);
  const max = Math.max(1, ...series.map(s => s.values.reduce((a, b) => Math.max(a, b), 0)));
  figure.replaceChildren();
  const plot = svg(figure, "svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
  const chart = {figure, plot, width, height};
  chart.x = ns => LEFT + Math.min(1, ns / duration) * (width - LEFT - RIGHT);
  chart.y = n => height - BOTTOM - n / (max * 1.1) * (height - TOP - BOTTOM);
  chart.timeAt = event => {
    const box = plot.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width * width - LEFT) / (width - LEFT - RIGHT);
    return Math.max(0, Math.min(1, at)) * duration;
  };
  drawScales(chart, max);
  for (const s of series) drawSeries(chart, s);
  svg(plot, "line", {class: "axis", x1: LEFT, x2: width - RIGHT, y1: chart.y(0), y2: chart.y(0)});
  addCross(chart, series);
  return chart;
}

// Areas for the scopes, each on top of the one before, and one for all other scopes.
function layers() {
  const rest = data.live.map((all, i) => data.layers.reduce((left, layer) => left - layer.live[i], all));
  const all = data.layers.map((layer, i) =>
    ({name: [...layer.scopes].reverse().join(" / "), values: layer.live, color: `var(--l${i})`}));
  if (rest.some(n => n > 0)) all.push({name: "all others", values: rest, color: "var(--others)"});
  let below = data.live.map(() => 0);
  for (const layer of all) {
    layer.below = below;
    layer.top = below = below.map((n, i) => n + layer.values[i]);
  }
  return all;
}

function drawPeak(chart, peak) {
  const at = chart.x(data.numbers.peak_ns), y = chart.y(peak), right = at > chart.width - 240;
  if (peak === 0) return;
  svg(chart.plot, "circle", {class: "peak-dot", cx: at, cy: y, r: 5});
  svg(chart.plot, "text", {x: at, y: y - 10, "text-anchor": right ? "end" : "start"}, "peak " + bytes(peak));
}

function drawLive() {
  const peak = data.live.reduce((a, b) => Math.max(a, b), 0), n = data.numbers, parts = layers();
  const all = [...parts, {name: "together", values: data.live, line: "live-line"}];
  if (data.old) all.push({name: "older trace", values: data.old.live, line: "old-line", width: data.old.width,
    length: Math.max(1, data.old.numbers.duration_ns)});
  const chart = lines("chart-live", 300, all,
    `Live bytes over time: at most ${peak}, after ${time(n.peak_ns)}; ${n.live_bytes} at the end.`);
  const {figure} = chart, key = html(figure, "figcaption", "key");
  for (const part of parts) html(key, "span", "block", part.name).style.setProperty("--c", part.color);
  if (data.old) html(key, "span", "", `the older trace, all its ${time(data.old.numbers.duration_ns)}`)
    .style.setProperty("--c", "var(--old)");
  drawPeak(chart, peak);
  figure.dataset.peak = peak;
  figure.dataset.layers = parts.length === 0 ? 0 : Math.max(...parts[parts.length - 1].top);
  chart.key = key;
  return chart;
}

function drawMapped() {
  const most = Math.max(...data.code);
  const {figure} = lines("chart-mapped", 170, [
    {name: "mapped", values: data.mapped, line: "mapped-line"},
    {name: "published", values: data.code, line: "code-line"}],
    `Code over time: at most ${most} bytes published, in at most ${Math.max(...data.mapped)} mapped.`);
  const key = html(figure, "figcaption", "key");
  html(key, "span", "", "published, not freed").style.setProperty("--c", "var(--code)");
  html(key, "span", "", "mapped for it").style.setProperty("--c", "var(--mapped)");
  figure.dataset.peak = most;
}
