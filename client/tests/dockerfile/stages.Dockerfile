ARG TAG=1
# c
FROM --platform=$BUILDPLATFORM debian:${TAG} AS Build
RUN a

FROM scratch
COPY --from=build /a /b
FROM build as final
RUN b
