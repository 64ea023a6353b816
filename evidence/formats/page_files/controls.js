"use strict";
// The list of controls, filtered by what the address says after #.
(() => {
  const SECTION = "controls";
  const { number, wanted, told, asked, choose, keep, goTo, tellPaper, listen } = filters;
  const form = document.getElementById("control-filters");
  if (!form) return;
  const frameworks = [...document.querySelectorAll(".framework")];
  const controls = frameworks.flatMap((framework) =>
    [...framework.querySelectorAll(".control")].map((entry) => ({
      entry,
      framework: framework.dataset.framework,
      standing: entry.dataset.standing,
      text: entry.querySelector("h4").textContent.replace(/\s+/g, " ").toLowerCase(),
    })));
  const total = `${number(controls.length)} control${controls.length === 1 ? "" : "s"}`;

  function renew() {
    const parameters = wanted(form);
    const [standing, framework, named] =
      ["standing", "framework", "named"].map((name) => parameters.get(name));
    const part = (named ?? "").toLowerCase();
    let shown = 0;
    for (const each of controls) {
      each.entry.hidden = Boolean((standing && each.standing !== standing)
        || (framework && each.framework !== framework)
        || !each.text.includes(part));
      if (!each.entry.hidden) shown += 1;
    }
    for (const each of frameworks) each.hidden = !each.querySelector(".control:not([hidden])");
    tell(shown, parameters.toString() !== "");
  }

  function tell(shown, filtered) {
    const some = `${number(shown)} of ${total}`;
    document.getElementById("control-count").textContent = shown
      ? `Showing ${some}.` : `No control matches the filter, among ${total}.`;
    document.getElementById("printed-controls").textContent = filtered ? some : total;
    tellPaper("of-controls",
      filtered ? `A filter was set: printed are ${some}, with ${told(form)}.` : "");
  }

  // A link to a control leads to it, whatever the filter leaves out.
  function follow() {
    const parameters = asked(SECTION);
    if (parameters) {
      choose(form, parameters);
      renew();
      goTo(document.getElementById(SECTION));
    } else if (document.getElementById(location.hash.slice(1))?.closest("[hidden]")) {
      choose(form, new URLSearchParams());
      renew();
    }
  }

  form.hidden = false;
  renew();
  listen(form, () => { renew(); keep(SECTION, wanted(form)); });
  window.addEventListener("hashchange", follow);
  if (location.hash) follow();
})();
