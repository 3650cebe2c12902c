FROM debian
RUN --mount=type=ssh \
  # c
  cat \
  <<EOF > \
  f
a \
EOF
USER app
