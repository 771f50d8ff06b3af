library(testthat)
library(odmshiny)

test_check("odmshiny")
