// The chart of blocks by size, and the code map.

function drawColumn(plot, column) {
  const {i, n, left, width, y} = column, from = i === 0 ? 0 : 2 ** (i - 1), to = 2 ** i;
  const top = Math.min(y(n), y(0) - 1.5);
  if (n === 0) return;
  const rect = svg(plot, "rect", {class: "column", x: left + 2, width: Math.max(1, width - 4), y: top,
    height: Math.max(1.5, y(0) - y(n))});
  describe(rect, (i < 2 ? from + " B" : bytes(from) + " to less than " + bytes(to)) + "\n" + n + " blocks");
  if (width > 26) svg(plot, "text", {x: left + width / 2, y: top - 5, "text-anchor": "middle"}, n);
}

// The largest size of class I; of the large ones the size that is too large for it.
function largestOf(i) {
  return i <= 20 ? 2 ** i - 1 + " B" : "< " + bytes(2 ** i);
}

function drawSizes() {
  const figure = document.getElementById("chart-sizes"), height = 220, all = widthOf(figure);
  const first = data.classes.findIndex(n => n > 0), max = Math.max(1, ...data.classes);
  const last = data.classes.length - 1 - [...data.classes].reverse().findIndex(n => n > 0);

  figure.replaceChildren();
  figure.dataset.blocks = data.classes.reduce((sum, n) => sum + n, 0);
  if (first < 0) return;
  const plot = svg(figure, "svg", {viewBox: `0 0 ${all} ${height}`, role: "img",
    "aria-label": "Blocks made by size; the table below has the numbers."});
  const width = Math.min(90, (all - LEFT - RIGHT) / (last - first + 1));
  const y = n => height - BOTTOM - n / max * (height - TOP - BOTTOM - 8);
  svg(plot, "line", {class: "axis", x1: LEFT, x2: all - RIGHT, y1: y(0), y2: y(0)});
  svg(plot, "text", {x: LEFT - 8, y: y(0) + 4, "text-anchor": "end"}, "blocks");
  svg(plot, "text", {x: LEFT - 8, y: height - 6, "text-anchor": "end"}, "up to");
  for (let i = first; i <= last; i++) {
    const left = LEFT + (i - first) * width;
    drawColumn(plot, {i, n: data.classes[i], left, width, y});
    const isEnd = left + width / 2 + 30 > all; // the text would go beyond the chart
    if ((last - i) % Math.ceil(60 / width) === 0)
      svg(plot, "text", {x: isEnd ? all : left + width / 2, y: height - 6, "text-anchor": isEnd ? "end" : "middle"},
        largestOf(i));
  }
}

// A strip for RANGE with its code blocks.
function drawRange(place, range) {
  const row = html(place, "div", "range"), used = range.pieces.reduce((all, p) => all + p[1], 0);
  const label = html(row, "div");
  html(label, "code", "", range.start);
  html(label, "br");
  label.append(`${bytes(range.size)}, ${range.pieces.length} code blocks`);
  const strip = svg(row, "svg", {viewBox: `0 0 1000 26`, preserveAspectRatio: "none", role: "img",
    "aria-label": `${range.pieces.length} code blocks, ${used} of ${range.size} bytes at ${range.start}`});
  describe(svg(strip, "rect", {class: "strip-free", width: 1000, height: 26}), "free, or not published yet");
  range.pieces.forEach(([at, size, name], i) => {
    const rect = svg(strip, "rect", {class: i % 2 ? "piece-b" : "piece-a", x: at / range.size * 1000,
      width: Math.max(0.7, size / range.size * 1000), height: 26, "aria-label": `${name}, ${size} bytes`});
    const where = "0x" + (BigInt(range.start) + BigInt(at)).toString(16);
    describe(rect, `${name}\n${size} bytes at ${where}`);
  });
  return used;
}

function drawCode() {
  const place = document.getElementById("chart-code");
  place.dataset.pieces = data.ranges.reduce((sum, range) => sum + range.pieces.length, 0);
  place.dataset.bytes = data.ranges.reduce((sum, range) => sum + drawRange(place, range), 0);
}
