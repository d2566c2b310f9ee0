// What the stacks have made and kept in a range of slices: the matrix of when blocks were made and when they ended.

const METRICS = {
  allocated: {in: "allocated in the range", whole: "allocated"},
  kept: {in: "allocated in the range, not freed in it", whole: "left at the end"},
  live: {in: "live at the end of the range", whole: "live at the end"},
  temporary: {in: "temporary, allocated in the range", whole: "temporary"},
  peak: {in: "live at the peak", whole: "live at the peak"}
};

// The entries of ROWS, arrays of WIDTH numbers one behind the other for each node: as one array for each column and
// one of the nodes.
function columnsOf(rows, width, at) {
  const num = rows.reduce((sum, row) => sum + row.length / width, 0);
  const columns = Array.from({length: width}, () => new Float64Array(num)), node = new Int32Array(num);
  let i = 0;
  rows.forEach((row, n) => {
    for (let j = 0; j < row.length; j += width, i++) {
      node[i] = at[n];
      for (let k = 0; k < width; k++) columns[k][i] = row[j + k];
    }
  });
  return {num, node, columns};
}

// The amounts of one trace, with nodes of TREE.
function newSource(tree, json, length) {
  const at = addNodes(tree, json);
  const moves = columnsOf(json.moves, 4, at), temporary = columnsOf(json.temporary, 3, at);
  const [born, ended, blocks, size] = moves.columns, [slice, some, someSize] = temporary.columns;
  const peak = columnsOf(json.peak, 2, at);
  return {slices: json.slices, slice: json.slice, length, merged: json.merged,
    mergedBytes: json.mergedBytes,
    moves: {num: moves.num, node: moves.node, born, ended, blocks, bytes: size},
    temporary: {num: temporary.num, node: temporary.node, born: slice, blocks: some, bytes: someSize},
    peak: {num: peak.num, node: peak.node, blocks: peak.columns[0], bytes: peak.columns[1]}};
}

// Which entries METRIC counts in the range of slices from A to B, both included.  Temporary blocks are among the
// moves too.
function chooser({born, ended}, metric, a, b) {
  switch (metric) {
  case "kept": return i => born[i] >= a && born[i] <= b && ended[i] > b;
  case "live": return i => born[i] <= b && ended[i] > b;
  case "peak": return () => true;
  default: return i => born[i] >= a && born[i] <= b;
  }
}

// The bytes and blocks of METRIC in the slices from FROM to before TO, by node; NUM nodes.
function amountsOf(source, metric, from, to, num) {
  const entries = source[metric === "temporary" || metric === "peak" ? metric : "moves"];
  const is = chooser(entries, metric, from, to - 1);
  const sums = {bytes: new Float64Array(num), blocks: new Float64Array(num)};
  for (let i = 0; i < entries.num; i++)
    if (is(i)) {
      sums.bytes[entries.node[i]] += entries.bytes[i];
      sums.blocks[entries.node[i]] += entries.blocks[i];
    }
  return sums;
}

// The bytes that the nodes in IS have live at the end of each slice.
function liveOf(source, is) {
  const {num, node, born, ended, bytes: size} = source.moves, change = new Float64Array(source.slices + 1);
  for (let i = 0; i < num; i++)
    if (is[node[i]]) {
      change[born[i]] += size[i];
      change[ended[i]] -= size[i];
    }
  let live = 0;
  return Array.from(change.subarray(0, source.slices), n => live += n);
}

// The nodes that have anything in SOURCE are set in HAS.
function markUsed(source, has) {
  for (const entries of [source.moves, source.temporary, source.peak])
    for (let i = 0; i < entries.num; i++) has[entries.node[i]] = 1;
}

// The slices of OLD that are the same share of its run as those from FROM to before TO are of the run of SOURCE.
function sameShare(source, old, from, to) {
  if (from === 0 && to === source.slices) return [0, old.slices];
  const slice = at => Math.round(Math.min(1, at * source.slice / source.length) * old.length / old.slice);
  const first = Math.min(old.slices - 1, slice(from));
  return [first, Math.min(old.slices, Math.max(first + 1, slice(to)))];
}
