# Syntax = docker/dockerfile:1 
#check=skip=all
# ESCAPE=`
# a comment
# escape=\

FROM debian
RUN --mount=type=ssh `
  npm ci
