FROM debian
RUN echo a\\
USER app
