FROM debian
RUN <<EOF
FROM not
RUN --mount=type=ssh not
EOF
RUN <<-EOF
	a
	EOF
RUN cat <<EOF > f
b
 EOF
EOF
RUN python3 - <<'E O'
$c
E O
RUN <<A cat <<"B"
1
A
2
B
RUN 3<<EOF cat
d
EOF
RUN --mount=type=ssh <<EOF
EOF
COPY <<a <<-b /dst/
1
a
	b
ADD <<x /
x
USER app
