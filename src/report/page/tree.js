// Trees of stacks.  A tree is arrays over its nodes: parents come before their children, and node 0 is the root,
// which stands for all stacks.  Siblings differ in name or kind, so that call sites in one function are one node.

// The kinds of nodes, as in the JSON.  GAP is added to that of a node if there were others between it and its parent
// which are not here; OTHERS are several that are not here.  Each has a letter in addresses.
const ROOT = 0, SCOPE = 1, CODE = 2, FUNCTION = 3, GAP = 4, OTHERS = GAP + ROOT;
const KIND_TEXTS = ["", "scope", "code of a JIT", "function"], KIND_LETTERS = "rscfoSCF";

function hasGap(kind) { return kind > OTHERS; }

function withoutGap(kind) { return hasGap(kind) ? kind - GAP : kind; }

function newTree(names) {
  return {names, parent: [-1], name: [names.add("all stacks")], kind: [ROOT], level: [0], found: new Map()};
}

// Texts and their numbers.
function newNames() {
  const texts = [], numbers = new Map();
  const add = text => {
    if (!numbers.has(text)) numbers.set(text, texts.push(text) - 1);
    return numbers.get(text);
  };
  return {texts, add};
}

// The child of PARENT with NAME and KIND; a new one if there is none.
function childOf(tree, parent, name, kind) {
  const key = (parent * 8 + kind) * 0x10000 + name;
  let node = tree.found.get(key);
  if (node !== undefined) return node;
  node = tree.parent.push(parent) - 1;
  tree.name.push(name);
  tree.kind.push(kind);
  tree.level.push(tree.level[parent] + 1);
  tree.found.set(key, node);
  return node;
}

// Add the nodes of JSON; returns the node of TREE for each of them.  The root of the JSON is what happened outside
// all scopes, which its own values are: those get a node below the root if it has any.
function addNodes(tree, json) {
  const name = json.names.map(text => tree.names.add(text)), at = new Int32Array(json.nodes.length);
  json.nodes.forEach(([parent, n, kind], i) => {
    if (i > 0) at[i] = childOf(tree, parent <= 0 ? 0 : at[parent], name[n], kind);
  });
  if (json.moves[0].length + json.temporary[0].length + json.peak[0].length > 0)
    at[0] = childOf(tree, 0, name[json.nodes[0][1]], ROOT);
  return at;
}

// Link the children of each node: `first` and `next`, 0 for none.
function linkChildren(tree) {
  const num = tree.parent.length;
  tree.num = num;
  tree.parent = Int32Array.from(tree.parent);
  tree.first = new Int32Array(num);
  tree.next = new Int32Array(num);
  for (let node = num - 1; node > 0; node--) {
    tree.next[node] = tree.first[tree.parent[node]];
    tree.first[tree.parent[node]] = node;
  }
  return tree;
}

// The stacks of TREE with fewer frames: without those that are HIDDEN, and if IS_FOLDED, functions that call themselves
// are one frame.  A stack that ends in a hidden frame, which only nodes that HAS do, is shown whole.  `at` is where in
// the result each stack ends.
function reduce(tree, has, hidden, isFolded) {
  const result = newTree(tree.names), through = new Int32Array(tree.num), at = new Int32Array(tree.num);
  const step = (node, frame) => isFolded && node > 0 && result.name[node] === tree.name[frame]
    && result.kind[node] === tree.kind[frame] && !hasGap(tree.kind[frame]) ? node
    : childOf(result, node, tree.name[frame], tree.kind[frame]);
  const whole = node => hidden[node] ? step(whole(tree.parent[node]), node) : through[node];
  for (let node = 1; node < tree.num; node++) {
    through[node] = hidden[node] ? through[tree.parent[node]] : step(through[tree.parent[node]], node);
    at[node] = has[node] ? whole(node) : through[node];
  }
  result.found.clear();
  return {tree: linkChildren(result), at};
}

// The stacks of TREE from the inside outwards, for the nodes that HAS.  What is not here between two frames is still
// between them.
function turnOver(tree, has) {
  const result = newTree(tree.names), at = new Int32Array(tree.num);
  for (let leaf = 1; leaf < tree.num; leaf++) {
    if (!has[leaf]) continue;
    for (let frame = leaf, isGap = false; frame > 0; frame = tree.parent[frame]) {
      const {kind, name} = tree, base = withoutGap(kind[frame]);
      at[leaf] = childOf(result, at[leaf], name[frame], isGap && base < GAP ? base + GAP : base);
      isGap = hasGap(kind[frame]);
    }
  }
  result.found.clear();
  return {tree: linkChildren(result), at};
}

// Frames in which a process or a thread starts, by name; some names mean that only between others of them.
const STARTS = new RegExp("^(" + ["_start(_c)?", "__start", "__libc_start_(main|call_main)(_impl)?",
  "libc_start_main_stage2", "w?(WinM|m)ainCRTStartup", "__tmainCRTStartup", "__scrt_common_main(_seh)?",
  "invoke_main", "BaseThreadInitThunk", "RtlUserThreadStart", "(__)?clone3?", "start_thread", "_pthread_start"].join("|")
  + ")(@.*)?$");
const MAYBE_STARTS = /^(start|start_c11|thread_start|(.*\+)?0x[0-9a-f]+)$/;
const OF_LIBRARY = /^(libc|libpthread|ld-musl|libsystem|dyld|ntdll|kernel|ucrtbase|msvcrt)[^/]*\+0x/i;
const MAINS = /^w?(main|WinMain)$/;

// Which nodes of TREE are start-up frames: above main, with or without names, or those of a thread above its own
// first function.  No scope and no other function is above them.
function startUpFrames(tree) {
  const {num, parent, kind} = tree, is = new Uint8Array(num), leads = new Uint8Array(num);
  const texts = tree.names.texts, isFunction = node => withoutGap(kind[node]) === FUNCTION;
  const isOne = (node, names) => isFunction(node) && names.test(texts[tree.name[node]]);
  for (let node = num - 1; node > 0; node--)
    if (isOne(node, MAINS) || (leads[node] && (isOne(node, STARTS) || isOne(node, MAYBE_STARTS))))
      leads[parent[node]] = 1;
  for (let node = 1; node < num; node++) {
    const above = parent[node];
    if (isFunction(above) && !is[above]) continue;
    is[node] = isOne(node, STARTS) || (isOne(node, MAYBE_STARTS) && leads[node])
      || (is[above] && (isOne(node, OF_LIBRARY) || isOne(node, /^start(_c11)?$/))) ? 1 : 0;
  }
  return is;
}

// For each node of TREE the sum of VALUES, which belong to the nodes AT, in it and below it.
function addUp(tree, at, values) {
  const sums = new Float64Array(tree.num);
  for (let i = 0; i < values.length; i++) sums[at[i]] += values[i];
  for (let node = tree.num - 1; node > 0; node--) sums[tree.parent[node]] += sums[node];
  return sums;
}

// For each node of TREE whether it is TOP or below it.
function below(tree, top) {
  const is = new Uint8Array(tree.num);
  is[top] = 1;
  for (let node = top + 1; node < tree.num; node++) is[node] = is[tree.parent[node]];
  return is;
}

// The nodes from the root to NODE.
function pathTo(tree, node) {
  const path = [];
  for (; node >= 0; node = tree.parent[node]) path.unshift(node);
  return path;
}

function nameOf(tree, node) {
  return tree.names.texts[tree.name[node]];
}

// As it is shown: with dots if frames before it are left out.
function labelOf(tree, node) {
  return (hasGap(tree.kind[node]) ? "... / " : "") + nameOf(tree, node);
}

// The nodes below the root that lead to NODE, as texts that mean the same in the page of another run.
function namesTo(tree, node) {
  return pathTo(tree, node).slice(1).map(n => KIND_LETTERS[tree.kind[n]] + "." + nameOf(tree, n));
}

// The node that NAMES lead to, as far as there is one.
function nodeAt(tree, names) {
  let node = 0;
  for (const text of names) {
    let next = 0;
    for (let child = tree.first[node]; child > 0; child = tree.next[child]) {
      const letter = KIND_LETTERS[tree.kind[child]], rest = "." + nameOf(tree, child);
      if (text === letter + rest) next = child;
      else if (next === 0 && text.slice(1) === rest && text[0].toLowerCase() === letter.toLowerCase()) next = child;
    }
    if (next === 0) break;
    node = next;
  }
  return node;
}
