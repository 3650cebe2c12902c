FROM debian
RUN <<EOF
a
EOF