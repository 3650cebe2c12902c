# syntax=a
# syntax=b
FROM debian
