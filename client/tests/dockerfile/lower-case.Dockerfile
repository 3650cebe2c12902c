from debian as Build
run --mount=type=ssh npm ci
onbuild run a
CoPy --from=Build a b
