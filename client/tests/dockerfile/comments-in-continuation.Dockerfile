FROM debian
RUN --mount=type=ssh \
# about npm

   # more
  \
  npm ci && \
  
  npm test
USER app
