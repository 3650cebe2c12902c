FROM debian
RUN --mount=type=SSH,ID=a,required,mode=0666,uid=1,gid=2,target=/a a
RUN --mount=type=ssh,dst=/b,required=false --mount=destination=/c,from=x a
RUN --mount='type=ssh,"id=a,b"' --mount=type=ssh,"x --mount=type=ssh,id=$X --mount a
