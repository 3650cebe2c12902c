FROM debian
RUN --mount=type=ssh \
  npm ci
RUN <<EOF
a
EOF
USER app
