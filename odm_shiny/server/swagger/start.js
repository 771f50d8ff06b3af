"use strict";

// Starts Swagger UI on the documents of this server. Nothing is asked of another host: the validator
// badge is off, and the token that "Authorize" takes is kept in memory only.
async function start() {
  const groups = await (await fetch("groups.json")).json();
  window.ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    urls: groups,
    "urls.primaryName": groups[0].name,
    validatorUrl: null,
    persistAuthorization: false,
    deepLinking: true,
    filter: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
}

start();
