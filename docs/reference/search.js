// The search field of every page: finds names while one types, from names.js, and opens what is chosen.  Also the
// button that shows the contents on a narrow screen.
"use strict";
{
  const MOST = 12;
  const query = document.getElementById("query"), results = document.getElementById("results");
  let found = [], chosen = -1;

  // How well NAME and what is said of it fit the words: lower is better, Infinity is not at all.
  function rank ([name, kind, , brief], words) {
    const lower = name.toLowerCase (), bare = lower.replace (/^_?mir_(code_)?/, "");
    let sum = kind == "guide" ? 1.5 : kind == "constant" ? 0.5 : 0;
    for (const word of words) {
      const at = lower.indexOf (word);
      if (lower == word || bare == word) sum += 0;
      else if (at == 0 || bare.startsWith (word)) sum += 1;
      else if (at > 0 && /[^a-z0-9]/.test (lower[at - 1])) sum += 2;
      else if (at > 0) sum += 3;
      else if (brief.toLowerCase ().includes (word)) sum += 6;
      else return Infinity;
    }
    return sum + name.length / 100;
  }

  function search () {
    const words = query.value.toLowerCase ().split (/[\s()*&;,]+/).filter (word => word);
    found = words.length == 0 ? [] : NAMES.map (entry => [rank (entry, words), entry])
      .filter (([sum]) => sum < Infinity).sort (([a], [b]) => a - b).slice (0, MOST).map (([, entry]) => entry);
    results.replaceChildren (...found.map (([name, kind, target, brief], i) => {
      const item = document.createElement ("li"), link = document.createElement ("a");
      const parts = { b: name, small: kind, span: brief };
      for (const [tag, text] of Object.entries (parts)) {
        const part = document.createElement (tag);
        part.textContent = text;
        link.append (part, " ");
      }
      link.href = target;
      link.tabIndex = -1;
      item.id = "result-" + i;
      item.role = "option";
      item.append (link);
      return item;
    }));
    if (words.length != 0 && found.length == 0) {
      const item = document.createElement ("li");
      item.className = "nothing";
      item.textContent = "Nothing found";
      results.append (item);
    }
    results.hidden = words.length == 0;
    query.setAttribute ("aria-expanded", String (!results.hidden));
    choose (found.length == 0 ? -1 : 0);
  }

  function choose (i) {
    chosen = i;
    [...results.children].forEach ((item, at) => item.setAttribute ("aria-selected", String (at == i)));
    if (i >= 0) {
      query.setAttribute ("aria-activedescendant", "result-" + i);
      results.children[i].scrollIntoView ({ block: "nearest" });
    } else {
      query.removeAttribute ("aria-activedescendant");
    }
  }

  function close () {
    results.hidden = true;
    query.setAttribute ("aria-expanded", "false");
  }

  query.addEventListener ("input", search);
  query.addEventListener ("focus", () => { if (query.value) search (); });
  query.addEventListener ("keydown", event => {
    if (event.key == "ArrowDown" || event.key == "ArrowUp") {
      if (found.length != 0)
        choose ((chosen + (event.key == "ArrowDown" ? 1 : found.length - 1)) % found.length);
      event.preventDefault ();
    } else if (event.key == "Escape") {
      query.value = "";
      close ();
      query.blur ();
    }
  });
  document.getElementById ("search").addEventListener ("submit", event => {
    event.preventDefault ();
    if (chosen < 0) return;
    close ();
    location.href = found[chosen][2];
    query.blur ();
  });
  document.addEventListener ("keydown", event => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test (document.activeElement.tagName);
    if (event.key != "/" || isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault ();
    query.focus ();
    query.select ();
  });
  document.addEventListener ("click", event => {
    if (!event.target.closest ("#search") || event.target.closest ("#results a")) close ();
  });

  const menu = document.getElementById ("menu");
  const show = isOpen => {
    document.body.classList.toggle ("menu", isOpen);
    menu.setAttribute ("aria-expanded", String (isOpen));
  };
  menu.addEventListener ("click", () => show (!document.body.classList.contains ("menu")));
  document.getElementById ("navigation").addEventListener ("click", event => {
    if (event.target.closest ("a")) show (false);
  });

  // The current page is in sight in the contents.
  const current = document.querySelector ("nav [aria-current]");
  if (current) current.scrollIntoView ({ block: "center" });
}
