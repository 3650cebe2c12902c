FROM debian
RUN <<EOF
a
