// Sends a sign-in form as one message and empties its token at once. An input would keep the token:
// Shiny remembers the values of inputs, in the page and in the session.
(function () {
  "use strict";
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form.odm-sign-in");
    if (!form) return;
    event.preventDefault();
    const token = form.elements.namedItem("token");
    const address = form.elements.namedItem("address");
    const sent = [address ? address.value : "", token.value];
    token.value = "";
    const nothing = () => {};
    Shiny.shinyapp.makeRequest(form.id, sent, nothing, nothing);
  });
})();
