FROM debian
FETCH --mount=type=ssh a <<EOF
EOF b
MAINTAINER me
STOPSIGNAL 9
