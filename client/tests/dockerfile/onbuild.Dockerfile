FROM debian
ONBUILD RUN --mount=type=ssh npm ci
ONBUILD	COPY <<EOF /
a
EOF
ONBUILD ONBUILD RUN a
ONBUILD
onbuild RUN ["a", "b"]
