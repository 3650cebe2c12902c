FROM debian
RUN --mount=type=ssh,id=a --mount="type=secret,id=b c" --network=none --security=insecure --device=x npm --ci
RUN -- --mount=type=ssh
RUN npm --mount=type=ssh
RUN --mount=type=cache\ x,target=/a\"b run
RUN --mount=type=ssh
ADD --keep-git-dir --checksum=x git@example.com:a/b.git /b
HEALTHCHECK --interval=5s CMD a
