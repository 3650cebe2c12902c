//! Comments that allow a problem.

use super::*;

#[test]
fn what_is_allowed_with_a_reason_is_not_told() {
    let is_allowed = "# keystay: allow L11 the host is on this machine\nRUN ssh-keyscan localhost";
    assert_eq!(of_stage(is_allowed), []);
    assert_eq!(
        of_stage("RUN a && \\\n  # keystay: allow l11 for now\n  ssh-keyscan b"),
        []
    );
    let of_another = format!("{is_allowed}\nRUN ssh-keyscan b");
    assert_eq!(of_stage(&of_another), [("L11", 3)]);
    assert_eq!(
        of_stage("# keystay: allow L10 x\nRUN ssh-keyscan b"),
        [("L11", 2)]
    );
    assert_eq!(
        of_stage("# keystay: allow L11 x\n\nRUN ssh-keyscan b"),
        [("L11", 3)]
    );
}

#[test]
fn a_comment_that_allows_nothing_is_a_problem() {
    for comment in [
        "# keystay: allow L11",
        "# keystay: allow L99 x",
        "# keystay: ignore L11",
        "#keystay:allow",
    ] {
        let text = format!("{comment}\nRUN ssh-keyscan b");
        assert_eq!(of_stage(&text), [("L0", 1), ("L11", 2)], "{comment}");
    }
    is_silent(&["# keystay brings the keys", "# see keystay: it is good"]);
}

#[test]
fn the_text_of_a_file_allows_nothing_and_is_not_told() {
    for text in [
        "COPY <<EOF /a\n# keystay: hello\nEOF",
        "RUN cat > /a <<EOF\n# keystay: allow\nEOF",
    ] {
        assert_eq!(of_stage(text), [], "{text}");
    }
    assert_eq!(
        of_stage("RUN <<EOF\n# keystay: allow L11 this machine\nssh-keyscan a\nEOF"),
        []
    );
    assert_eq!(
        of_stage("COPY <<EOF /root/.ssh/id_rsa\n# keystay: allow L4 no reason\nEOF"),
        [("L4", 1)]
    );
}
