FROM debian
RUN <<EOF