//! The page that documents the requests.

/// `METHOD /path` of every row of the page's table.
fn documented() -> Vec<String> {
    let page = include_str!("../../../CONTROL.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .filter(|request| request.contains(" /v1/"))
        .collect()
}

/// The same of every arm of the router.
fn routed() -> Vec<String> {
    let source = include_str!("../../control.rs");
    let arms = (source.lines()).filter_map(|line| line.trim_start().strip_prefix("(&Method::"));
    arms.map(|arm| {
        let (method, rest) = arm.split_once(", [").unwrap();
        let (path, _) = rest.split_once(']').unwrap();
        let parts = path.split(", ").map(|part| match part.strip_prefix('"') {
            Some(name) => name.trim_end_matches('"').to_owned(),
            None => format!("{{{part}}}"),
        });
        let path = parts.fold(String::new(), |path, part| format!("{path}/{part}"));
        format!("{method} {path}")
    })
    .collect()
}

#[test]
fn the_page_has_every_request_and_no_other() {
    let (mut documented, mut routed) = (documented(), routed());
    documented.sort();
    routed.sort();
    assert!(routed.len() > 5);
    assert_eq!(documented, routed);
}
