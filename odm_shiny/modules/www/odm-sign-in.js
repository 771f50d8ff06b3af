// Sends a sign-in form as one value and empties its token at once: the token is never the value of
// an input that the page or a bookmark could keep.
(function () {
  "use strict";
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.odm-sign-in");
    if (!form) return;
    event.preventDefault();
    const field = form.elements.namedItem("token");
    const address = form.elements.namedItem("address");
    const value = { address: address ? address.value : "", token: field.value };
    field.value = "";
    Shiny.setInputValue(`${form.id}:odm.sign_in`, value, { priority: "event" });
  });
})();
