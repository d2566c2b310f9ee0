// Work for a JavaScript engine, with one line at the end to compare: objects, strings, arrays, closures, maps
// and regular expressions, so that its heap grows, is collected and grows again.  No clock, no Math.random.
'use strict';

var state = 12345;
function random (n) {
  state = (state * 1103515245 + 12345) % 2147483648;
  return state % n;
}

function tree (depth) {
  return depth === 0 ? null : {left: tree (depth - 1), right: tree (depth - 1), key: random (1000)};
}
function sum (node) { return node === null ? 0 : node.key + sum (node.left) + sum (node.right); }

function words (n) {
  var all = [];
  for (var i = 0; i < n; i++) {
    var word = '';
    for (var j = 2 + random (6); j > 0; j--) word += String.fromCharCode (97 + random (26));
    all.push (word);
  }
  return all;
}

function queue (n) {
  var waiting = [], done = 0;
  for (var i = 0; i < n; i++) {
    waiting.push ((function (k) { return function () { return k * 3 % 7; }; }) (i));
    if (waiting.length > 100) done += waiting.shift () ();
  }
  return done;
}

var out = [];
for (var round = 0; round < 16; round++) {
  out.push (sum (tree (14)));
  var text = words (8000), counts = new Map ();
  for (var i = 0; i < text.length; i++) counts.set (text[i], (counts.get (text[i]) || 0) + 1);
  out.push (counts.size, text.slice ().sort ()[100]);
  var joined = text.join (' ');
  out.push (joined.length, joined.replace (/[aeiou]+/g, '-').length, (joined.match (/\bq\w+/g) || []).length);
  out.push (queue (20000), JSON.stringify (JSON.parse (JSON.stringify (text))).length);
}
print (out.join (' '));
