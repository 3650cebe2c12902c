//! What holds for any text as a Dockerfile.

use crate::{
    dockerfile::Dockerfile,
    lint::{fix, lint},
    wiring::{FetchTerms, Passed, Rewrites, ShimFor, Steps, fetch_mode, sign_mode},
};

/// Its parts are the text, a repair is done once, and a wired Dockerfile has the parts that it had.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn dockerfile(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let Ok(read) = Dockerfile::parse(text) else {
        return false;
    };
    let end = read.parts().iter().fold(0, |end, part| {
        assert_eq!(part.span().start, end);
        part.span().end
    });
    assert_eq!(end, text.len());
    assert!(lint(&read).iter().all(|problem| problem.line > 0));
    if let Ok(repaired) = fix(text) {
        let again = fix(&repaired.text).map(|again| again.text);
        assert_eq!(again.ok(), Some(repaired.text));
    }
    for plan in [
        Some(sign_mode(&read, &Passed::default())),
        fetch_mode(&read, &Passed::default(), &terms()).ok(),
    ] {
        if let Some(wired) = plan.and_then(|plan| plan.dockerfile) {
            let parts = Dockerfile::parse(&wired).map(|wired| wired.parts().len());
            assert_eq!(parts, Ok(read.parts().len()), "{wired}");
        }
    }
    true
}

fn terms() -> FetchTerms {
    FetchTerms {
        steps: Steps::All,
        shim: ShimFor::Each,
        user: "git".to_owned(),
        rewrites: Rewrites::default(),
        context_needs_ssh: false,
        git_asks_default: true,
    }
}
