"use strict";
// Draws the charts of a memory picture from the JSON in the element "data".
(() => {
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
    return n < 1024 ? n + " bytes" : n + " bytes (" + bytes(n) + ")";
  }

  function showTip(event, text) {
    tip.textContent = text;
    tip.hidden = false;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.max(8, Math.min(event.clientX + 14, room)) + "px";
    tip.style.top = Math.max(8, event.clientY - tip.offsetHeight - 12) + "px";
  }

  function hideTip() { tip.hidden = true; }

  function describe(element, text) {
    element.addEventListener("pointermove", event => showTip(event, text));
    element.addEventListener("pointerleave", hideTip);
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

  const WIDTH = 1000, LEFT = 74, RIGHT = 12, TOP = 14, BOTTOM = 26;

  // A chart over time: lines and areas of SERIES, which have a value for each bin.
  function lines(id, height, series, label) {
    const figure = document.getElementById(id);
    const num = data.live.length, duration = Math.max(1, data.numbers.duration_ns);
    const max = Math.max(1, ...series.map(s => Math.max(...s.values)));
    const plot = svg(figure, "svg", {viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label});
    const x = ns => LEFT + Math.min(1, ns / duration) * (WIDTH - LEFT - RIGHT);
    const y = n => height - BOTTOM - n / (max * 1.1) * (height - TOP - BOTTOM);

    for (const value of steps(max, 5, true)) {
      svg(plot, "line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value)});
      svg(plot, "text", {x: LEFT - 8, y: y(value) + 4, "text-anchor": "end"}, bytes(value));
    }
    for (const ns of steps(duration, 8, false))
      svg(plot, "text", {x: x(ns), y: height - 6, "text-anchor": ns === 0 ? "start" : "middle"}, time(ns));
    const along = values => values.map((value, i) =>
      `V${y(value).toFixed(1)}H${x(Math.min(duration, (i + 1) * data.width)).toFixed(1)}`).join("");
    const back = values => values.map((value, i) =>
      `V${y(value).toFixed(1)}H${x(i * data.width).toFixed(1)}`).reverse().join("");
    for (const s of series) {
      // An area lies on the areas before it.
      if (s.below) svg(plot, "path", {class: "layer", style: `fill:${s.color}`,
        d: `M${x(0)} ${y(s.top[0]).toFixed(1)}${along(s.top)}${back(s.below)}Z`});
      else svg(plot, "path", {class: s.line, d: `M${x(0)} ${y(s.values[0]).toFixed(1)}${along(s.values)}`});
    }
    svg(plot, "line", {class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0)});

    const cross = svg(plot, "line", {class: "cross", y1: TOP, y2: height - BOTTOM, visibility: "hidden"});
    plot.addEventListener("pointermove", event => {
      const box = plot.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
      const bin = Math.min(num - 1, Math.floor(Math.max(0, Math.min(1, at)) * duration / data.width));
      cross.setAttribute("x1", x(bin * data.width));
      cross.setAttribute("x2", x(bin * data.width));
      cross.setAttribute("visibility", "visible");
      showTip(event, "after " + time(bin * data.width) + "\n"
        + series.filter(s => !s.below || s.values[bin] > 0).reverse().map(s => s.name + ": " + exact(s.values[bin])).join("\n"));
    });
    plot.addEventListener("pointerleave", () => { cross.setAttribute("visibility", "hidden"); hideTip(); });
    return {figure, plot, x, y};
  }

  // Areas for the scopes, each on top of the one before, and one for all other scopes.
  function layers() {
    const rest = data.live.map((all, i) => data.layers.reduce((left, layer) => left - layer.live[i], all));
    const all = data.layers.map((layer, i) => ({name: layer.scopes.reverse().join(" / "), values: layer.live, color: `var(--l${i})`}));
    if (rest.some(n => n > 0)) all.push({name: "all others", values: rest, color: "var(--others)"});
    let below = data.live.map(() => 0);
    for (const layer of all) {
      layer.below = below;
      layer.top = below = below.map((n, i) => n + layer.values[i]);
    }
    return all;
  }

  function drawLive() {
    const peak = Math.max(...data.live), n = data.numbers, parts = layers();
    const {figure, plot, x, y} = lines("chart-live", 300,
      [...parts, {name: "together", values: data.live, line: "live-line"}],
      `Live bytes over time: at most ${peak}, after ${time(n.peak_ns)}; ${n.live_bytes} at the end.`);
    const key = html(figure, "figcaption", "key");
    for (const part of parts) html(key, "span", "block", part.name).style.setProperty("--c", part.color);
    if (peak > 0) {
      const at = x(n.peak_ns), right = at > WIDTH - 240;
      svg(plot, "circle", {class: "peak-dot", cx: at, cy: y(peak), r: 5});
      svg(plot, "text", {x: at, y: y(peak) - 10, "text-anchor": right ? "end" : "start"},
        "peak " + bytes(peak));
    }
    figure.dataset.peak = peak;
    figure.dataset.layers = parts.length === 0 ? 0 : Math.max(...parts[parts.length - 1].top);
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

  function drawSizes() {
    const figure = document.getElementById("chart-sizes"), height = 220;
    const first = data.classes.findIndex(n => n > 0), max = Math.max(1, ...data.classes);
    const last = data.classes.length - 1 - [...data.classes].reverse().findIndex(n => n > 0);
    let blocks = 0;

    figure.dataset.blocks = 0;
    if (first < 0) return;
    const plot = svg(figure, "svg", {viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
      "aria-label": "Blocks made by size; the table below has the numbers."});
    const width = Math.min(90, (WIDTH - LEFT - RIGHT) / (last - first + 1));
    const y = n => height - BOTTOM - n / max * (height - TOP - BOTTOM - 8);
    svg(plot, "line", {class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: y(0), y2: y(0)});
    svg(plot, "text", {x: LEFT - 8, y: y(0) + 4, "text-anchor": "end"}, "blocks");
    for (let i = first; i <= last; i++) {
      const n = data.classes[i], left = LEFT + (i - first) * width;
      const from = i === 0 ? 0 : 2 ** (i - 1), to = 2 ** i;
      const what = i < 2 ? from + " B" : bytes(from) + " to less than " + bytes(to);
      blocks += n;
      if (n > 0) {
        const column = svg(plot, "rect", {class: "column", x: left + 2, width: Math.max(1, width - 4),
          y: Math.min(y(n), y(0) - 1.5), height: Math.max(1.5, y(0) - y(n))});
        describe(column, what + "\n" + n + " blocks");
        svg(plot, "text", {x: left + width / 2, y: Math.min(y(n), y(0) - 1.5) - 5, "text-anchor": "middle"}, n);
      }
      if (width > 44 || (i - first) % Math.ceil(44 / width) === 0)
        svg(plot, "text", {x: left + width / 2, y: height - 6, "text-anchor": "middle"}, bytes(from));
    }
    figure.dataset.blocks = blocks;
  }

  function drawCode() {
    const place = document.getElementById("chart-code");
    let pieces = 0, sum = 0;

    for (const range of data.ranges) {
      const row = html(place, "div", "range"), used = range.pieces.reduce((all, p) => all + p[1], 0);
      const label = html(row, "div");
      html(label, "code", "", range.start);
      html(label, "br");
      label.append(`${bytes(range.size)}, ${range.pieces.length} code blocks`);
      const strip = svg(row, "svg", {viewBox: `0 0 1000 26`, preserveAspectRatio: "none", role: "img",
        "aria-label": `${range.pieces.length} code blocks, ${used} of ${range.size} bytes at ${range.start}`});
      const free = svg(strip, "rect", {class: "strip-free", width: 1000, height: 26});
      describe(free, "free, or not published yet");
      range.pieces.forEach(([at, size, name], i) => {
        const rect = svg(strip, "rect", {class: i % 2 ? "piece-b" : "piece-a", x: at / range.size * 1000,
          width: Math.max(0.7, size / range.size * 1000), height: 26, "aria-label": `${name}, ${size} bytes`});
        const where = "0x" + (BigInt(range.start) + BigInt(at)).toString(16);
        describe(rect, `${name}\n${size} bytes at ${where}`);
        pieces++;
        sum += size;
      });
    }
    place.dataset.pieces = pieces;
    place.dataset.bytes = sum;
  }

  drawLive();
  drawSizes();
  if (data.code) {
    drawMapped();
    drawCode();
  }
  document.body.dataset.drawn = "yes";
})();
