FROM debian
RU\
N --mount=ty\
pe=ssh,\
# between
id=a\
 npm \
ci
