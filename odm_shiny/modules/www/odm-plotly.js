// Draws a figure into an .odm-plotly element. Plotly.react updates in place, so only the figure
// crosses the wire. Colours come from the page, so the plot follows its dark mode by itself.
(function () {
  "use strict";

  // By default plotly's tool bar offers to upload the data to a host of its maker.
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    topojsonURL: "",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { filename: "plot", scale: 2 },
  };

  function pageColours(el) {
    const style = getComputedStyle(el);
    const text = style.getPropertyValue("--bs-body-color").trim() || style.color;
    const grid = style.getPropertyValue("--bs-border-color").trim() || "#ccc";
    const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid };
    return { text: text, axis: axis };
  }

  function themed(el, layout) {
    const colours = pageColours(el);
    const merged = Object.assign({}, layout, {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: Object.assign({}, layout.font, { color: colours.text }),
    });
    for (const name of ["xaxis", "yaxis"]) {
      merged[name] = Object.assign({}, colours.axis, layout[name]);
    }
    return merged;
  }

  async function draw(el) {
    const figure = el.odmFigure;
    if (!figure) {
      Plotly.purge(el);
      el.removeAttribute("aria-label");
      return;
    }
    el.setAttribute("aria-label", figure.description || "Plot");
    await Plotly.react(el, figure.data, themed(el, figure.layout || {}), CONFIG);
    el.dataset.rendered = String(Number(el.dataset.rendered || 0) + 1);
  }

  class FigureBinding extends Shiny.OutputBinding {
    find(scope) {
      return $(scope).find(".odm-plotly");
    }
    async renderValue(el, figure) {
      el.odmFigure = figure;
      await draw(el);
    }
    resize(el) {
      if (el._fullLayout) Plotly.Plots.resize(el);
    }
  }
  Shiny.outputBindings.register(new FigureBinding(), "odm.figure");

  new MutationObserver(function () {
    document.querySelectorAll(".odm-plotly").forEach(function (el) {
      if (el.odmFigure) draw(el);
    });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
