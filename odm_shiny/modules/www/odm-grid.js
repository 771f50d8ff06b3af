// Names the filter fields of a data grid by their columns, for screen readers.
(function () {
  "use strict";
  function name(grid) {
    const rows = grid.querySelectorAll("thead tr");
    if (rows.length < 2) return;
    Array.from(rows[1].children).forEach((cell, place) => {
      const column = rows[0].children[place] ? rows[0].children[place].textContent : "";
      const fields = cell.querySelectorAll("input");
      fields.forEach((field, at) => {
        const bound = fields.length > 1 ? (at ? ", at most" : ", at least") : "";
        field.setAttribute("aria-label", `Filter ${column}${bound}`);
      });
    });
  }

  function watch(place) {
    new MutationObserver(() => name(place)).observe(place, { childList: true, subtree: true });
  }

  $(() => document.querySelectorAll(".odm-samples").forEach(watch));
})();
