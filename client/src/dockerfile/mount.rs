//! The options of a `--mount` flag.

use super::{Flag, Span, csv};

/// One mount of a `RUN`, its options as written: variables are not expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where its flag stands.
    pub span: Span,
    /// Whether its flag is [open](Flag::open).
    pub open: bool,
    /// Its options in order, names in lower case; those without `=` have no value.
    pub options: Vec<(String, Option<String>)>,
}

impl Mount {
    pub(super) fn of(flag: &Flag) -> Option<Self> {
        let fields = csv::fields(flag.value.as_deref()?).ok()?;
        Some(Self {
            span: flag.span,
            open: flag.open,
            options: fields.iter().map(|field| option(field)).collect(),
        })
    }

    /// Its type in lower case: `bind` when it names none.
    pub fn kind(&self) -> String {
        self.value(&["type"])
            .map_or_else(|| "bind".to_owned(), str::to_lowercase)
    }

    /// Its id, where it names one that is not empty.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.value(&["id"]).filter(|id| !id.is_empty())
    }

    /// Where it appears in the container, where it says so.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.value(&["target", "dst", "destination"])
            .filter(|target| !target.is_empty())
    }

    /// The variable that a secret is handed over in, where it names one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.value(&["env"]).filter(|name| !name.is_empty())
    }

    /// Whether the step fails without it. A value that is no boolean counts as true; the engine
    /// refuses it.
    #[must_use]
    pub fn required(&self) -> bool {
        let last = self
            .options
            .iter()
            .rev()
            .find(|(name, _)| name == "required");
        last.is_some_and(|(_, value)| {
            !matches!(
                value.as_deref(),
                Some("0" | "f" | "F" | "false" | "FALSE" | "False")
            )
        })
    }

    /// Whether it names one of these options.
    #[must_use]
    pub fn names(&self, options: &[&str]) -> bool {
        self.options
            .iter()
            .any(|(name, _)| options.contains(&name.as_str()))
    }

    /// The value of the last of its options that has one of these names.
    fn value(&self, names: &[&str]) -> Option<&str> {
        let mut candidates = self
            .options
            .iter()
            .rev()
            .filter(|(name, _)| names.contains(&name.as_str()));
        candidates.find_map(|(_, value)| value.as_deref())
    }
}

fn option(field: &str) -> (String, Option<String>) {
    match field.split_once('=') {
        Some((name, value)) => (name.to_lowercase(), Some(value.to_owned())),
        None => (field.to_lowercase(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(value: &str) -> Mount {
        let span = Span::new(0, 0);
        Mount::of(&Flag {
            span,
            name: "mount".to_owned(),
            value: Some(value.to_owned()),
            open: false,
        })
        .unwrap()
    }

    #[test]
    fn options_are_read_with_their_defaults() {
        let bare = mount("type=ssh");
        assert_eq!(
            (
                bare.kind().as_str(),
                bare.id(),
                bare.target(),
                bare.required()
            ),
            ("ssh", None, None, false)
        );
        let full = mount("TYPE=SSH,id=a,required,dst=/x,\"id=b,c\"");
        assert_eq!(
            (
                full.kind().as_str(),
                full.id(),
                full.target(),
                full.required()
            ),
            ("ssh", Some("b,c"), Some("/x"), true)
        );
        assert_eq!(mount("target=/x").kind(), "bind");
        assert_eq!(mount("type=ssh,id=").id(), None);
    }

    #[test]
    fn the_last_of_the_three_names_of_a_target_counts() {
        assert_eq!(mount("target=/a,destination=/b").target(), Some("/b"));
        assert_eq!(
            mount("destination=/b,dst=/c,target=/a").target(),
            Some("/a")
        );
    }

    #[test]
    fn required_can_be_switched_off() {
        assert!(mount("type=ssh,required=true").required());
        assert!(!mount("type=ssh,required=false").required());
        assert!(!mount("type=ssh,required,required=0").required());
    }

    #[test]
    fn options_without_a_value_are_kept() {
        assert_eq!(
            mount("type=ssh,odd,=x").options,
            [
                ("type".to_owned(), Some("ssh".to_owned())),
                ("odd".to_owned(), None),
                (String::new(), Some("x".to_owned())),
            ]
        );
        assert!(mount("type=ssh,mode=").names(&["uid", "mode"]));
        assert!(!mount("type=ssh").names(&["uid", "mode"]));
    }
}
