FROM debian
RUN echo $((1<<2)) && cat <<<word && echo "<<EOF"
RUN ["cat", "<<EOF"]
ENV A=<<EOF
CMD <<EOF
USER app
