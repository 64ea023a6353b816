"use strict";
// What the page's filters share: the fields that are set, in words and as the address has them.
const filters = (() => {
  const number = (count) => count.toLocaleString("en");

  function wanted(form) {
    const values = [...new FormData(form)].map(([name, value]) => [name, value.trim()]);
    return new URLSearchParams(values.filter(([, value]) => value));
  }

  function told(form) {
    return [...wanted(form)].map(([name, value]) => {
      const field = form.elements[name];
      const chosen = field.options ? field.selectedOptions[0].textContent : value;
      return `${field.labels[0].textContent.toLowerCase()} ${chosen}`;
    }).join(", ");
  }

  // What the address asks of a section; null where it leads elsewhere.
  function asked(section) {
    const [place, query] = location.hash.slice(1).split(/\?(.*)/s);
    return place === section ? new URLSearchParams(query ?? "") : null;
  }

  // A value that no option has is asked for all the same: nothing matches it.
  function choose(form, parameters) {
    for (const field of form.elements) {
      if (!field.name) continue;
      const value = parameters.get(field.name) ?? "";
      if (field.options && value && ![...field.options].some((each) => each.value === value)) {
        field.append(new Option(`${value} (not in this bundle)`, value));
      }
      field.value = value;
    }
  }

  function keep(section, parameters) {
    const written = parameters.toString();
    history.replaceState(null, "", written ? `#${section}?${written}` : `#${section}`);
  }

  function goTo(target) {
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  }

  // Whoever reads the paper has to know that it is not all.
  function tellPaper(kind, text) {
    for (const note of document.querySelectorAll(`.paper.${kind}`)) {
      note.textContent = text;
      note.hidden = !text;
    }
  }

  function listen(form, change) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", change);
    form.addEventListener("reset", () => setTimeout(change));
  }

  return { number, wanted, told, asked, choose, keep, goTo, tellPaper, listen };
})();
