// Filters by the values of attributes, with counts. All text is set as text, never as markup.
// The server sends {context, facets, selected, available}; the value that goes back carries the
// context, so that a choice made for one study is never taken for another.
(function () {
  "use strict";
  const SHOWN = 8;

  function make(tag, attributes, ...children) {
    const el = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === false || value === null || value === undefined) continue;
      if (name === "class") el.className = value;
      else if (name in el && typeof value !== "string") el[name] = value;
      else el.setAttribute(name, value);
    }
    el.append(...children.filter((child) => child !== null));
    return el;
  }

  function key(name, value) {
    return JSON.stringify([name, value]);
  }

  function isSelected(state, name, value) {
    return (state.selected[name] || []).includes(value);
  }

  function toggle(el, name, value, on) {
    const state = el.odmState;
    const rest = (state.selected[name] || []).filter((one) => one !== value);
    const next = on ? rest.concat([value]) : rest;
    state.selected = Object.assign({}, state.selected, { [name]: next });
    if (!next.length) delete state.selected[name];
    changed(el);
  }

  function changed(el) {
    draw(el);
    $(el).trigger("odm:changed");
  }

  function choice(el, facet, [value, count]) {
    const state = el.odmState;
    const checked = isSelected(state, facet.name, value);
    const box = make("input", {
      type: "checkbox",
      class: "form-check-input",
      checked: checked,
      "data-key": key(facet.name, value),
    });
    box.addEventListener("change", () => toggle(el, facet.name, value, box.checked));
    const text = value === null ? "not set" : value;
    const label = make("span", { class: value === null ? "odm-facet-text odm-unset" : "odm-facet-text", title: text }, text);
    const number = make("span", { class: "odm-facet-count" }, count.toLocaleString("en"));
    const dim = count === 0 && !checked ? " odm-dim" : "";
    return make("label", { class: "odm-facet-choice" + dim }, box, label, number);
  }

  function panel(el, facet) {
    const state = el.odmState;
    const n = (state.selected[facet.name] || []).length;
    const all = state.wide.has(facet.name);
    const shown = facet.values.filter(
      ([value], place) => all || place < SHOWN || isSelected(state, facet.name, value)
    );
    const set = make("fieldset", {}, make("legend", { class: "visually-hidden" }, facet.name));
    set.append(...shown.map((one) => choice(el, facet, one)));
    const hidden = facet.values.length - shown.length;
    if (hidden > 0 || (all && facet.values.length > SHOWN)) {
      const more = make(
        "button",
        { type: "button", class: "btn btn-link btn-sm", "data-key": key(facet.name, "…") },
        all ? "Show fewer" : `Show ${hidden} more`
      );
      more.addEventListener("click", () => {
        if (all) state.wide.delete(facet.name);
        else state.wide.add(facet.name);
        draw(el);
      });
      set.append(more);
    }
    const badge = n ? make("span", { class: "badge text-bg-primary" }, String(n)) : null;
    const details = make(
      "details",
      { class: "odm-facet", open: state.open.has(facet.name) },
      make("summary", { "data-key": key(facet.name, "summary") }, make("span", {}, facet.name), badge),
      set
    );
    details.addEventListener("toggle", () => {
      if (details.open) state.open.add(facet.name);
      else state.open.delete(facet.name);
    });
    return details;
  }

  function adder(el) {
    const state = el.odmState;
    if (!state.available.length) return null;
    const label = "Filter by another attribute";
    const select = make("select", { class: "form-select form-select-sm", "aria-label": label });
    select.append(make("option", { value: "" }, label + "…"));
    select.append(...state.available.map((name) => make("option", { value: name }, name)));
    select.addEventListener("change", () => {
      if (!select.value) return;
      state.added = state.added.concat([select.value]);
      state.open.add(select.value);
      changed(el);
    });
    return select;
  }

  function draw(el) {
    const state = el.odmState;
    if (!state) return;
    const focused = document.activeElement && document.activeElement.dataset.key;
    const any = Object.keys(state.selected).length > 0;
    const clear = make("button", { type: "button", class: "btn btn-link btn-sm odm-clear" }, "Clear all");
    clear.addEventListener("click", () => {
      state.selected = {};
      changed(el);
    });
    const parts = state.facets.map((facet) => panel(el, facet));
    el.replaceChildren(...[any ? clear : null, ...parts, adder(el)].filter(Boolean));
    if (!focused) return;
    for (const one of el.querySelectorAll("[data-key]")) {
      if (one.dataset.key === focused) one.focus({ preventScroll: true });
    }
  }

  class FacetsBinding extends Shiny.InputBinding {
    find(scope) {
      return $(scope).find(".odm-facets");
    }
    getValue(el) {
      const state = el.odmState;
      if (!state) return null;
      return { context: state.context, selected: state.selected, added: state.added };
    }
    subscribe(el, callback) {
      $(el).on("odm:changed.odm", () => callback(false));
    }
    unsubscribe(el) {
      $(el).off(".odm");
    }
    receiveMessage(el, message) {
      const known = el.odmState && el.odmState.context === message.context ? el.odmState : null;
      el.odmState = {
        context: message.context,
        facets: message.facets,
        available: message.available,
        selected: known ? known.selected : message.selected,
        added: known ? known.added : message.added,
        open: known ? known.open : new Set(message.open),
        wide: known ? known.wide : new Set(),
      };
      draw(el);
      if (!known) $(el).trigger("odm:changed");
    }
  }
  Shiny.inputBindings.register(new FacetsBinding(), "odm.facets");
})();
