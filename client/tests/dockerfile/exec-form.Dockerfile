FROM debian
RUN --mount=type=ssh ["npm", "ci"]
RUN [ "a", 1 ]
RUN []
CMD ["a\tb"]
ADD ["git@example.com:a/b.git", "/b"]
