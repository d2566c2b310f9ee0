// What is drawn of the stacks: a tree, the amounts of each of its nodes, and which of them the search finds.

let stacks;      // the tree of all stacks, callers first
// Made when first shown, by what they are.  A base is {tree, at, has}: the tree with the frames that are shown, callers
// first, where in it those of `stacks` are, and which of its nodes are stacks.  A view has {base, tree, at}: that tree,
// or the same turned over, and where in it the stacks of the base are.
const bases = {}, made = {};
let newer, older; // sources; `older` is undefined if nothing is compared

function loadStacks() {
  const tree = newTree(newNames());
  newer = newSource(tree, data.stacks, duration);
  if (data.old) older = newSource(tree, data.old, Math.max(1, data.old.numbers.duration_ns));
  linkChildren(tree);
  stacks = tree;
  DEFAULTS.to = newer.slices;
  if (older) chooseFirst();
}

function baseOf({fold, startup}) {
  const key = fold + startup, used = new Uint8Array(stacks.num);
  if (!bases[key]) {
    markUsed(newer, used);
    if (older) markUsed(older, used);
    const base = reduce(stacks, used, startup === "yes" ? new Uint8Array(stacks.num) : startUpFrames(stacks),
      fold === "yes");
    base.has = new Uint8Array(base.tree.num);
    used.forEach((is, node) => { if (is) base.has[base.at[node]] = 1; });
    bases[key] = base;
  }
  return bases[key];
}

function treeOf(state) {
  const key = state.order + state.fold + state.startup;
  if (!made[key]) {
    const base = baseOf(state), {tree} = base;
    made[key] = {base, ...(state.order === "callees" ? turnOver(tree, base.has)
      : {tree, at: Int32Array.from({length: tree.num}, (_, node) => node)})};
  }
  return made[key];
}

// As amountsOf, for the stacks of BASE.
function baseAmounts(base, source, metric, from, to) {
  const amounts = amountsOf(source, metric, from, to, stacks.num), sums = {};
  for (const unit of CHOICES.unit) {
    sums[unit] = new Float64Array(base.tree.num);
    amounts[unit].forEach((n, node) => { sums[unit][base.at[node]] += n; });
  }
  return sums;
}

// The own amounts of the stacks of BASE from slice FROM to before TO: {new, old} as baseAmounts, and `value`, by which
// they are drawn and ordered: an amount, or for a difference how far apart the two are.
function ownAmounts(base, from, to, metric, unit, side) {
  const own = {new: baseAmounts(base, newer, metric, from, to)};
  if (older) own.old = baseAmounts(base, older, metric, ...sameShare(newer, older, from, to));
  own.value = !older || side !== "difference" ? own[older ? side : "new"][unit]
    : own.new[unit].map((n, i) => Math.abs(n - own.old[unit][i]));
  return own;
}

// The metrics of which any stack differs, in the order in which a comparison looks for one to begin with.
function differing({from, to, unit, fold, startup}) {
  return ["kept", "live", "allocated", "temporary", "peak"].filter(metric =>
    ownAmounts(baseOf({fold, startup}), from, to, metric, unit, "difference").value.some(n => n > 0));
}

// A comparison begins with what differs.
function chooseFirst() {
  for (const unit of CHOICES.unit) {
    const [metric] = differing({...DEFAULTS, unit});
    if (!metric) continue;
    DEFAULTS.metric = metric;
    DEFAULTS.unit = unit;
    break;
  }
  ALWAYS.add("metric").add("unit");
}

// The same for the nodes of a tree with all that is below them.
function sumsOf({tree, at}, own) {
  const sums = {}, {unit} = shown;
  for (const side of older ? ["new", "old"] : ["new"])
    sums[side] = {bytes: addUp(tree, at, own[side].bytes), blocks: addUp(tree, at, own[side].blocks)};
  sums.value = isDifference() ? addUp(tree, at, own.value) : sums[older ? shown.side : "new"][unit];
  return sums;
}

// Find the frames whose names have the text of the search: `match` those themselves, `has` those with one in or below
// them, `on` those with one in their stack.
function findMatches(tree) {
  const text = shown.search.toLowerCase(), {num, parent, name} = tree;
  const match = new Uint8Array(num), has = new Uint8Array(num), on = new Uint8Array(num);
  if (text === "") return null;
  const named = tree.names.texts.map(n => n.toLowerCase().includes(text));
  for (let node = 1; node < num; node++) {
    has[node] = match[node] = named[name[node]] ? 1 : 0;
    on[node] = match[node] || on[parent[node]];
  }
  for (let node = num - 1; node > 0; node--)
    if (has[node]) has[parent[node]] = 1;
  return {match, has, on};
}

// The order of siblings: the most in the whole run first, so that a change of the range moves nothing.
function orderOf({base, tree, at}) {
  const {order, fold, startup, metric, unit, side} = shown, key = [order, fold, startup, metric, unit, side].join();
  if (orderOf.key !== key) {
    orderOf.key = key;
    orderOf.sums = addUp(tree, at, ownAmounts(base, 0, newer.slices, metric, unit, side).value);
  }
  return orderOf.sums;
}

function makeView() {
  const view = treeOf(shown), {from, to, metric, unit, side} = shown;
  const own = ownAmounts(view.base, from, to, metric, unit, side), zoom = nodeAt(view.tree, shown.zoom);
  return {...view, own, zoom, sums: sumsOf(view, own), found: findMatches(view.tree), order: orderOf(view)};
}

// What the whole view counts: the amount of the metric; for a difference also which way.
function isDifference() {
  return older !== undefined && shown.side === "difference";
}

function amountText(amount, unit) {
  return unit === "bytes" ? exact(amount) : blocksText(amount);
}

// What NODE has without the nodes below it.
function ownOf({tree, sums}, node) {
  let own = sums.value[node];
  for (let child = tree.first[node]; child > 0; child = tree.next[child]) own -= sums.value[child];
  return own;
}

// Lines about NODE: its amounts, and their share of the root's.
function nodeLines(view, node) {
  const {sums, tree} = view, {unit} = shown;
  const text = side => exact(sums[side].bytes[node]) + " in " + blocksText(sums[side].blocks[node]);
  const lines = older ? ["new: " + text("new"), "old: " + text("old")] : [text("new")];
  if (older) {
    const more = sums.new[unit][node] - sums.old[unit][node];
    lines.push("difference: " + (more > 0 ? "+" : "") + amountText(more, unit));
  }
  lines.push(share(sums.value[node], sums.value[0]) + (isDifference() ? " of all differences" : " of all"));
  const itself = ownOf(view, node);
  if (shown.order === "callers" && tree.first[node] !== 0 && itself > 0)
    lines.push("itself: " + amountText(itself, unit));
  return lines;
}

function nodeTitle(view, node) {
  const kind = withoutGap(view.tree.kind[node]);
  return labelOf(view.tree, node) + (kind === SCOPE || kind === CODE ? " (" + KIND_TEXTS[kind] + ")" : "");
}
