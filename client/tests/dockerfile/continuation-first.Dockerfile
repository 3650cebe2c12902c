FROM debian
\
  RUN true
