// A text field that asks the server for suggestions while one types: the combobox of the ARIA
// authoring practices. Its value is what was chosen or confirmed, never what is being typed.
(function () {
  "use strict";
  const WAIT_MS = 120;
  const AGAIN_MS = 300; // until the server knows where to look

  function field(el) {
    return el.querySelector("input");
  }

  function list(el) {
    return el.querySelector("[role=listbox]");
  }

  function close(el) {
    list(el).classList.remove("show");
    field(el).setAttribute("aria-expanded", "false");
    field(el).removeAttribute("aria-activedescendant");
    el.odmActive = -1;
  }

  function say(el, text) {
    el.querySelector("[role=status]").textContent = text;
  }

  function commit(el, value) {
    close(el);
    clearTimeout(el.odmTimer);
    field(el).value = value;
    if (value === el.odmValue) return;
    el.odmValue = value;
    $(el).trigger("odm:changed");
  }

  function show(el, found) {
    const box = list(el);
    box.replaceChildren(
      ...found.map((one, place) => {
        const item = document.createElement("li");
        item.id = `${box.id}-${place}`;
        item.className = "dropdown-item";
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.value = one.value;
        item.append(one.value);
        if (one.note) {
          const note = document.createElement("span");
          note.className = "odm-note-text";
          note.textContent = one.note;
          item.append(" ", note);
        }
        // Before the field loses the focus, which would confirm what was typed.
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          commit(el, one.value);
        });
        return item;
      })
    );
    el.odmActive = -1;
    const open = found.length > 0 && document.activeElement === field(el);
    box.classList.toggle("show", open);
    field(el).setAttribute("aria-expanded", String(open));
    say(el, found.length === 1 ? "1 suggestion" : `${found.length} suggestions`);
  }

  async function ask(el) {
    const text = field(el).value.trim();
    if (!el.odmUrl) return;
    if (el.odmAsked) el.odmAsked.abort();
    const asked = (el.odmAsked = new AbortController());
    try {
      const reply = await fetch(`${el.odmUrl}&q=${encodeURIComponent(text)}`, { signal: asked.signal });
      const said = reply.ok ? await reply.json() : null;
      if (said && said.wait) el.odmTimer = setTimeout(() => ask(el), AGAIN_MS);
      else if (said) show(el, said.found);
      else say(el, "No suggestions: the server did not answer");
    } catch (error) {
      if (error.name !== "AbortError") say(el, "No suggestions: the server did not answer");
    }
  }

  function move(el, step) {
    const items = Array.from(list(el).children);
    if (!items.length) return;
    if (el.odmActive >= 0) items[el.odmActive].setAttribute("aria-selected", "false");
    const n = items.length;
    el.odmActive = el.odmActive < 0 && step < 0 ? n - 1 : (el.odmActive + step + n) % n;
    const item = items[el.odmActive];
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    items.forEach((one) => one.classList.toggle("active", one === item));
    field(el).setAttribute("aria-activedescendant", item.id);
  }

  function onKey(el, event) {
    const open = list(el).classList.contains("show");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) move(el, event.key === "ArrowDown" ? 1 : -1);
      else ask(el);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = el.odmActive >= 0 ? list(el).children[el.odmActive] : null;
      commit(el, item ? item.dataset.value : field(el).value.trim());
    } else if (event.key === "Escape") {
      if (open) close(el);
      else field(el).value = el.odmValue || "";
    }
  }

  function picks(el, examples) {
    const place = el.querySelector(".odm-picks");
    place.replaceChildren(
      ...examples.map((one) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-default btn-sm";
        button.textContent = one.value;
        if (one.note) {
          button.title = one.note;
          button.setAttribute("aria-label", `${one.value}: ${one.note}`);
        }
        button.addEventListener("click", () => commit(el, one.value));
        return button;
      })
    );
    place.hidden = !examples.length;
  }

  class ComboboxBinding extends Shiny.InputBinding {
    find(scope) {
      return $(scope).find(".odm-combobox");
    }
    initialize(el) {
      el.odmValue = null;
      el.odmActive = -1;
      const text = field(el);
      text.addEventListener("input", () => {
        clearTimeout(el.odmTimer);
        el.odmTimer = setTimeout(() => ask(el), WAIT_MS);
      });
      text.addEventListener("keydown", (event) => onKey(el, event));
      text.addEventListener("focus", () => text.select());
      text.addEventListener("blur", () => {
        close(el);
        clearTimeout(el.odmTimer);
        if (el.odmAsked) el.odmAsked.abort();
        if (text.value.trim() !== (el.odmValue || "")) commit(el, text.value.trim());
      });
    }
    getValue(el) {
      return el.odmValue;
    }
    subscribe(el, callback) {
      $(el).on("odm:changed.odm", () => callback(false));
    }
    unsubscribe(el) {
      $(el).off(".odm");
    }
    receiveMessage(el, message) {
      if (message.url !== undefined) el.odmUrl = message.url;
      if (message.examples !== undefined) picks(el, message.examples);
      const typing = document.activeElement === field(el);
      if (message.value !== undefined && !typing) commit(el, message.value);
      if (message.url !== undefined && typing) ask(el); // typed before the page was ready
    }
  }
  Shiny.inputBindings.register(new ComboboxBinding(), "odm.combobox");
})();
