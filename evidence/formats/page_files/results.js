"use strict";
// The table of all results: read from the page's JSON, filtered by what the address says after #.
(() => {
  const SECTION = "results";
  const PAGE = 200;
  // Some fifty sheets; of more, results.csv is the better copy.
  const PRINTED = 500;
  const { number, wanted, told, asked, choose, keep, goTo, tellPaper, listen } = filters;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { rows } = data;
  const total = rows.rule.length;
  const heading = document.getElementById(SECTION);
  const section = heading.parentElement;
  const form = document.getElementById("filters");
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const keys = data.rules.map(([judge, id]) => `${judge}::${id}`);
  const places = data.places.map(([, resource, type, path]) =>
    `${resource}\n${type}\n${path}`.toLowerCase());
  const field = (name) => form.elements[name];

  let found = [];
  let page = 1;

  function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in made) made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== ""));
    return made;
  }

  // What is filtered

  function offer(name, values) {
    field(name).append(...values.map(([value, label]) => element("option", { value }, label)));
  }

  // A template's file name, where no other has it too.
  function short(path) {
    const name = path.split("/").pop();
    return data.templates.filter((each) => each.endsWith(`/${name}`)).length > 1 ? path : name;
  }

  function offerAll() {
    const same = (value) => [value, value];
    offer("status", data.verdicts);
    offer("judge", data.judges.map(same));
    offer("clause", data.clauses.map(([id]) => same(id)));
    offer("control", data.controls.map(([id]) => same(id)));
    offer("template", data.templates.map((path) => [path, short(path)]));
  }

  // For each row of a table that results point into, whether the filter wants it; null is all.
  function marked(items, text, matches) {
    return text ? items.map(matches) : null;
  }

  function search() {
    const { status, judge, clause, control, template, rule = "", resource = "" } =
      Object.fromEntries(wanted(form));
    const digit = String(data.verdicts.findIndex(([value]) => value === status));
    const clauseNumber = data.clauses.findIndex(([id]) => id === clause);
    const controlNumber = data.controls.findIndex(([id]) => id === control);
    const part = rule.toLowerCase();
    const exact = keys.includes(rule);
    const text = resource.toLowerCase();
    const rules = marked(data.rules, judge || rule, ([by], index) =>
      (!judge || by === judge)
      && (!rule || (exact ? keys[index] === rule : keys[index].toLowerCase().includes(part))));
    const sites = marked(data.places, template || resource, ([path], index) =>
      (!template || data.templates[path] === template) && places[index].includes(text));
    const cites = marked(data.cites, clause || control, ([clauses, controls]) =>
      (!clause || clauses.includes(clauseNumber))
      && (!control || controls.includes(controlNumber)));
    found = [];
    for (let row = 0; row < total; row += 1) {
      if ((!status || rows.verdict[row] === digit)
          && (!rules || rules[rows.rule[row]])
          && (!sites || sites[rows.place[row]])
          && (!cites || cites[rows.cite[row]])) found.push(row);
    }
  }

  // What is shown

  function verdict(row) {
    const [value, word] = data.verdicts[rows.verdict[row]];
    return element("span", { className: `verdict ${value}` }, word);
  }

  function linked(entries) {
    return entries.flatMap(([id, anchor], index) => [
      index ? ", " : "",
      anchor ? element("a", { href: `#${anchor}` }, id) : id,
    ]);
  }

  function details(row) {
    const [judge, id, title, why, remedy] = data.rules[rows.rule[row]];
    const [template, , , path, location] = data.places[rows.place[row]];
    const [, reason, level] = data.texts[rows.text[row]];
    const [clauses, controls] = data.cites[rows.cite[row]];
    const [value, , meaning] = data.verdicts[rows.verdict[row]];
    const found = ["fail", "error", "waived"].includes(value);
    const code = (text) => text && [element("code", {}, text)];
    const told = [
      ["Means", [meaning]],
      [judge === data.own ? "Rule wants" : "Judge's words", [title || id]],
      ["Why", why && [why]],
      ["Remedy", remedy && [remedy]],
      ["Waived because", reason && [reason]],
      ["Judge", [judge]],
      ["Level", found && [level]],
      ["Clauses", clauses.length && linked(clauses.map((each) => data.clauses[each]))],
      ["Controls", controls.length && linked(controls.map((each) => data.controls[each]))],
      ["Construct", code(path)],
      ["Made at", code(location)],
      ["Template", code(data.templates[template])],
    ];
    return element("dl", { className: "inline" }, ...told
      .filter(([, content]) => content)
      .map(([name, content]) => element("div", {},
        element("dt", {}, name), element("dd", {}, ...content))));
  }

  function unfold(button, line, row) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      line.nextElementSibling.remove();
      return;
    }
    line.after(element("tr", { className: "more", role: "row" },
      element("td", { colSpan: 4, role: "cell" }, details(row))));
  }

  function line(row) {
    const [judge, id, title] = data.rules[rows.rule[row]];
    const [template, resource, type, path] = data.places[rows.place[row]];
    const [message] = data.texts[rows.text[row]];
    const button = element("button", { type: "button", className: "unfold", "aria-expanded": "false" }, id);
    const made = element("tr", { role: "row" },
      element("td", { role: "cell" }, verdict(row)),
      element("td", { role: "cell" }, button, element("span", { className: "by" }, judge)),
      element("td", { role: "cell" },
        element("strong", {}, resource || data.templates[template].split("/").pop()),
        element("span", { className: "by" }, type || "the whole file"),
        path ? element("code", { className: "quiet" }, path) : ""),
      element("td", { role: "cell" }, message || element("span", { className: "quiet" }, judge === data.own ? title : "")));
    button.addEventListener("click", () => unfold(button, made, row));
    return made;
  }

  function show(first, last) {
    body.replaceChildren(...found.slice(first, last).map(line));
    const shown = Math.min(last, found.length) - first;
    const matching = section.classList.contains("filtered") ? "matching results" : "results";
    const which = found.length > shown ? ` (${number(first + 1)} to ${number(first + shown)})` : "";
    const among = found.length < total ? `, among ${number(total)} in all` : "";
    document.getElementById("count").textContent = found.length || !total
      ? `Showing ${number(shown)} of ${number(found.length)} ${matching}${which}${among}.`
      : `No result matches the filter${among}.`;
  }

  function paint() {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(1, page), pages);
    show((page - 1) * PAGE, page * PAGE);
    document.getElementById("pages").hidden = pages === 1;
    document.getElementById("position").textContent = `Page ${number(page)} of ${number(pages)}`;
    document.getElementById("previous").disabled = page === 1;
    document.getElementById("next").disabled = page === pages;
    table.hidden = !found.length;
  }

  // What the address says

  function renew() {
    section.classList.toggle("filtered", wanted(form).toString() !== "");
    search();
    paint();
    tell();
  }

  function remember() {
    const parameters = wanted(form);
    if (page > 1) parameters.set("page", page);
    keep(SECTION, parameters);
  }

  function follow() {
    const parameters = asked(SECTION);
    if (!parameters) {
      reveal();
      return;
    }
    choose(form, parameters);
    page = Number.parseInt(parameters.get("page"), 10) || 1;
    renew();
    goTo(heading);
  }

  function reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (const each of target.querySelectorAll(":scope > details")) each.open = true;
    if (target.tabIndex === -1) goTo(target);
  }

  function turn(pages) {
    page += pages;
    paint();
    remember();
    goTo(heading);
  }

  // On paper: what the filter found, or a sentence where there is none.
  function tell() {
    const filtered = section.classList.contains("filtered");
    const some = `${number(Math.min(found.length, PRINTED))} of the ${number(found.length)} results`;
    const rest = found.length > PRINTED ? " results.csv has them all." : "";
    const printed = `printed are ${some} with ${told(form)}.${rest}`;
    tellPaper("of-results", filtered ? `A filter was set: ${printed}` : "");
    document.getElementById("unprinted").hidden = filtered;
  }

  offerAll();
  renew();
  document.documentElement.classList.add("scripted");
  document.getElementById("explorer").hidden = false;
  document.getElementById("unscripted").hidden = true;
  listen(form, () => { page = 1; renew(); remember(); });
  document.getElementById("previous").addEventListener("click", () => turn(-1));
  document.getElementById("next").addEventListener("click", () => turn(1));
  window.addEventListener("hashchange", follow);
  // What fits on one page of the screen is printed as it stands, unfolded rows too.
  const needsMore = () => section.classList.contains("filtered") && found.length > PAGE;
  window.addEventListener("beforeprint", () => { if (needsMore()) show(0, PRINTED); });
  window.addEventListener("afterprint", () => { if (needsMore()) paint(); });
  if (location.hash) follow();
})();
