FROM debian
RUN --mount=type=ssh,id=é echo à é
RUN --mount=type=ssh npm ci
RUN a
