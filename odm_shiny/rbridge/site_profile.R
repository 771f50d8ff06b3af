# Stands in for the site's profile while `odm-shiny r` starts R: only here, at top level and before
# anything else, can R be told to note an interrupt that nobody catches. Then runs the site's own.
local({
  Sys.unsetenv("R_PROFILE")
  own <- Sys.getenv("ODM_SHINY_R_PROFILE")
  Sys.unsetenv("ODM_SHINY_R_PROFILE")
  if (nzchar(own)) Sys.setenv(R_PROFILE = own) else own <- file.path(R.home("etc"), "Rprofile.site")
  globalCallingHandlers(interrupt = function(e) options(odmshiny.interrupted = TRUE))
  if (file.exists(own)) sys.source(own, baseenv())
})
