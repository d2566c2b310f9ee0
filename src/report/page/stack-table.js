// The heaviest stacks as a table.  A row opens to another below it with the frames of its stack, from the inside
// outwards as the row itself says them, each of which leads to the flame graph.

const ROWS = 25, CALLERS = 3; // rows at first; callers named in a closed row
const table = document.getElementById("stack-table");
let rows = ROWS;

// The stacks in the zoomed frame that the search finds, the heaviest first.
function heaviest(view) {
  const {tree, at, own, zoom, found} = view, inside = below(tree, zoom), all = [];
  for (let stack = 1; stack < at.length; stack++)
    if (own.value[stack] > 0 && inside[at[stack]] && (!found || found.on[at[stack]])) all.push(stack);
  return all.sort((a, b) => own.value[b] - own.value[a] || a - b);
}

function cell(row, text, className) {
  return html(row, "td", "n " + (className || ""), text);
}

// The numbers of LIST, one stack or many.
function addNumbers(row, view, list) {
  const {own, sums} = view, sum = values => list.reduce((all, stack) => all + values[stack], 0);
  const value = sum(own.value), sides = {};
  for (const side of older ? ["new", "old"] : ["new"]) {
    sides[side] = {bytes: sum(own[side].bytes), blocks: sum(own[side].blocks)};
    cell(row, sides[side].bytes);
    cell(row, sides[side].blocks);
  }
  if (older) {
    const more = sides.new[shown.unit] - sides.old[shown.unit];
    cell(row, (more > 0 ? "+" : "") + more, more > 0 ? "more-text" : more < 0 ? "less-text" : "");
  }
  cell(row, share(value, sums.value[0]), "bar").style
    .setProperty("--share", (sums.value[0] > 0 ? 100 * value / sums.value[0] : 0).toFixed(2) + "%");
}

// Scopes look different from functions, which may have the same names.
function addName(place, tree, node) {
  html(place, withoutGap(tree.kind[node]) === SCOPE ? "em" : "span", "", labelOf(tree, node));
}

// The stacks of the base of VIEW whose rows are open.
function openedOf({base}) {
  return base.opened ||= new Set();
}

// The nodes of VIEW for the frames of STACK, from the inside outwards.
function framesOf(view, stack) {
  const path = pathTo(view.tree, view.at[stack]).slice(1);
  return shown.order === "callers" ? path.reverse() : path;
}

function openRow(body, view, stack) {
  const place = html(html(body, "tr", "opened"), "td"), list = html(place, "ol", "frames"), {tree} = view.base;
  const inner = pathTo(tree, stack).slice(1).reverse();
  place.colSpan = older ? 7 : 4;
  framesOf(view, stack).forEach((node, i) => {
    const button = html(html(list, "li"), "button", "link");
    addName(button, tree, inner[i]);
    button.type = "button";
    button.title = "show in the flame graph";
    button.addEventListener("click", () => {
      zoomTo(node);
      flame.scrollIntoView({block: "nearest"});
    });
  });
}

// Say where STACK is, as in its row: the nearest callers, and the scopes they run in.
function addPlace(place, tree, stack) {
  const path = pathTo(tree, stack).slice(1, -1).reverse(), isScope = node => withoutGap(tree.kind[node]) === SCOPE;
  const callers = path.filter(node => !isScope(node)).map(node => labelOf(tree, node));
  const scopes = path.filter(isScope).map(node => nameOf(tree, node)).reverse();
  place.append((callers.length > 0 ? " from " + callers.slice(0, CALLERS).join(", ") : "")
    + (callers.length > CALLERS ? ", ..." : "") + (scopes.length > 0 ? " in " : ""));
  if (scopes.length > 0) html(place, "em", "", scopes.join(" / "));
}

function addRow(body, view, stack) {
  const row = html(body, "tr"), head = html(row, "th"), button = html(head, "button", "opens");
  const {tree} = view.base, opened = openedOf(view), isOpen = opened.has(stack);
  head.scope = "row";
  button.type = "button";
  button.dataset.stack = stack;
  button.setAttribute("aria-expanded", isOpen);
  addName(html(button, "span", "name"), tree, stack);
  addPlace(html(button, "i"), tree, stack);
  button.addEventListener("click", () => {
    if (!opened.delete(stack)) opened.add(stack);
    drawTable(view);
  });
  addNumbers(row, view, [stack]);
  if (isOpen) openRow(body, view, stack);
}

function addHead(view) {
  const row = html(html(table, "thead"), "tr"), columns = older
    ? ["bytes, new", "blocks, new", "bytes, old", "blocks, old", shown.unit + ", difference", "share"]
    : ["bytes", "blocks", "share"];
  html(row, "th", "", "stack").scope = "col";
  for (const column of columns) html(row, "th", "n", column).scope = "col";
}

function addSum(part, view, text, list) {
  const row = html(part, "tr"), head = html(row, "th");
  head.scope = "row";
  html(head, "i", "", text);
  addNumbers(row, view, list);
}

// The table is made anew; the button that has the focus keeps it.
function drawTable(view) {
  const all = heaviest(view), active = document.activeElement;
  const stack = table.contains(active) ? active.dataset.stack : undefined;
  table.replaceChildren();
  html(table, "caption", "", document.getElementById("metric").selectedOptions[0].text
    + (view.zoom > 0 ? ", in " + labelOf(view.tree, view.zoom) : "") + (view.found ? ", as searched for" : ""));
  addHead(view);
  const body = html(table, "tbody");
  for (const one of all.slice(0, rows)) addRow(body, view, one);
  if (all.length > rows) addSum(body, view, `all ${all.length - rows} others`, all.slice(rows));
  addSum(html(table, "tfoot"), view, "together" + (isDifference()
    ? "; stacks that are the same in both are not listed" : ""), all);
  document.getElementById("more-rows").hidden = all.length <= rows;
  if (stack !== undefined) {
    const button = table.querySelector(`button[data-stack="${stack}"]`);
    if (button) button.focus({preventScroll: true});
  }
}

document.getElementById("more-rows").addEventListener("click", () => {
  rows += 100;
  drawTable(flameView);
});
