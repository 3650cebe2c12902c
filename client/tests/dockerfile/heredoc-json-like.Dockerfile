FROM debian
RUN [ -f a ] && cat <<EOF
EOF
USER app
