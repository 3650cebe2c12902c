//! The plan for fetch mode: a step's `ssh` is the shim, and its ssh mount the socket that carries
//! fetches.

use super::{
    FetchTerms, Note, Passed, Plan, Secret, ShimFor, Steps, Unwirable, Which,
    adds::Adds,
    frontend, hidden,
    mounts::{DEFAULT_ID, SOCKET_MODE, SshMounts, changed, is_closed, ssh_mounts},
    obstacle::obstacle,
    text,
};
use crate::dockerfile::{Command, Dockerfile, Instruction, Keyword, Mount, Splice};

/// Plans a build in fetch mode.
///
/// A step that is wired gets the ssh mount where it has none, a mode that lets every user of the step
/// open the socket where the mount names neither mode nor owner, the shim as `ssh`, and what else
/// makes its tools fetch by git and ssh. Where the engine's own git needs an agent, the default
/// id signs, and every step is put on another one; where that is not certain, nothing is wired. What the user passes himself is left alone, and so
/// are `ONBUILD` triggers. The changes stay on the lines of the flags, so the numbers of all lines are
/// kept, and history never shows them.
pub fn fetch_mode(
    dockerfile: &Dockerfile<'_>,
    passed: &Passed,
    terms: &FetchTerms,
) -> Result<Plan, Unwirable> {
    let adds = Adds::of(dockerfile, passed);
    let mut instructions = dockerfile.instructions();
    let is_over_ssh = terms.context_needs_ssh || instructions.any(|it| adds.is_over_ssh(it));
    let logs_in = is_over_ssh && !passed.has_ssh(DEFAULT_ID);
    let mut wiring = Wiring {
        source: dockerfile.source(),
        passed,
        terms,
        default_signs: logs_in && terms.git_asks_default,
        plan: Plan {
            own_git: logs_in,
            ..Plan::default()
        },
        splices: Vec::new(),
        exposed: None,
    };
    if wiring.default_signs {
        if !frontend::is_known(dockerfile.source(), passed.syntax.as_deref()) {
            return Err(Unwirable::Frontend);
        }
        if let Some(line) = hidden::mount(dockerfile) {
            return Err(Unwirable::Hidden { line });
        }
        wiring.plan.pass_ssh(DEFAULT_ID, Which::Sign);
    }
    for instruction in dockerfile.instructions() {
        wiring.triggered(instruction);
        wiring.step(instruction);
    }
    wiring.finish(dockerfile)
}

struct Wiring<'a> {
    source: &'a str,
    passed: &'a Passed,
    terms: &'a FetchTerms,
    /// Whether the default id is that of the grant that signs.
    default_signs: bool,
    plan: Plan,
    splices: Vec<Splice>,
    /// The first line that could be given the socket that signs.
    exposed: Option<usize>,
}

impl Wiring<'_> {
    /// A trigger stays as it is, but a later stage of the same file may run it, so its ids are passed.
    fn triggered(&mut self, onbuild: &Instruction) {
        let Some(trigger) = &onbuild.trigger else {
            return;
        };
        let line = onbuild.line;
        let mounts = ssh_mounts(trigger, line, &mut self.plan);
        self.note_variable(&mounts, line);
        let signs = mounts.known.iter().any(|(_, id)| self.signs(id));
        self.expose(line, signs || mounts.has_unknown || self.is_odd(trigger));
        for (_, id) in &mounts.known {
            if !self.passed.has_ssh(id) {
                self.plan.pass_ssh(id, Which::Fetch);
                self.plan.notes.push(Note::Onbuild { line });
            }
        }
    }

    fn step(&mut self, run: &Instruction) {
        if run.command.keyword != Keyword::Run {
            return;
        }
        let mounts = ssh_mounts(&run.command, run.line, &mut self.plan);
        self.variable(&mounts, run.line);
        self.expose(run.line, mounts.has_unread || self.is_odd(&run.command));
        let served: Vec<_> = (mounts.known.iter())
            .filter(|(_, id)| !self.passed.has_ssh(id))
            .collect();
        for (mount, id) in &served {
            self.serve(mount, id);
        }
        match served.last() {
            Some((last, _)) => {
                let line = run.line;
                let is_first = |mount: &Mount| Some(mount.span.start) == mounts.first;
                if served.iter().any(|(mount, _)| is_first(mount)) {
                    self.equip(run, last.span.end, "");
                } else if mounts.known.iter().any(|(mount, _)| is_first(mount)) {
                    self.plan.notes.push(Note::OtherAgent { line });
                } else {
                    self.plan.notes.push(Note::UnknownAgent { line });
                }
            }
            None if mounts.first.is_none() && !mounts.has_unknown && self.is_wanted(run) => {
                self.mount(run);
            }
            None => {}
        }
    }

    /// Gives the step an ssh mount, and what goes with it.
    fn mount(&mut self, run: &Instruction) {
        if run.command.flags.last().is_some_and(|flag| flag.open) {
            self.plan.notes.push(Note::Unchangeable { line: run.line });
            return;
        }
        let id = self.id();
        self.plan.pass_ssh(id, Which::Fetch);
        let flag = format!(" --mount=type=ssh,id={id}{SOCKET_MODE}");
        self.equip(run, run.command.flags_end(), &flag);
    }

    /// Puts one of the step's own ssh mounts on the socket that carries fetches.
    fn serve(&mut self, mount: &Mount, id: &str) {
        let ours = self.id();
        let (id, renamed) = if self.signs(id) {
            (ours, format!(",id={ours}"))
        } else {
            (id, String::new())
        };
        self.plan.pass_ssh(id, Which::Fetch);
        let mode = if is_closed(mount) { SOCKET_MODE } else { "" };
        self.insert(mount.span.end, format!("{renamed}{mode}"));
    }

    /// Mounts the files of the step behind `flags`.
    fn equip(&mut self, run: &Instruction, at: usize, flags: &str) {
        let mut flags = flags.to_owned();
        for &secret in self.files(run) {
            if let Some(note) = obstacle(run, self.source, secret) {
                self.plan.notes.push(note);
                continue;
            }
            self.plan.pass_secret(secret, self.passed);
            flags = format!("{flags} {}", secret.flag());
        }
        self.insert(at, flags);
    }

    /// The files that a step needs.
    fn files(&self, run: &Instruction) -> impl Iterator<Item = &'static Secret> + use<> {
        let all = self.terms.steps == Steps::All;
        let cargo = all || text::of(run, self.source).any(|text| text.contains("cargo"));
        let (each, rewrites) = (
            self.terms.shim == ShimFor::Each,
            !self.terms.rewrites.is_empty(),
        );
        Secret::ALL.iter().filter(move |secret| match secret {
            Secret::KnownHosts => false,
            Secret::Shim => true,
            Secret::ShimAmd64 | Secret::ShimArm64 => each,
            Secret::Gitconfig => rewrites,
            Secret::Cargo => cargo,
        })
    }

    fn is_wanted(&self, run: &Instruction) -> bool {
        let names = |text| text::names_fetch(text, self.terms);
        self.terms.steps == Steps::All || text::of(run, self.source).any(names)
    }

    /// A mount whose id only the engine knows may turn out to ask for the one that signs.
    fn variable(&mut self, mounts: &SshMounts, line: usize) {
        if !self.default_signs {
            return self.note_variable(mounts, line);
        }
        let ours = self.id();
        for (mount, id) in &mounts.variable {
            let id = id.clone();
            self.plan.pass_ssh(ours, Which::Fetch);
            self.plan.notes.push(Note::VariableIdReplaced { line, id });
            self.insert(mount.span.end, format!(",id={ours}"));
        }
    }

    fn note_variable(&mut self, mounts: &SshMounts, line: usize) {
        let ids = mounts.variable.iter().map(|(_, id)| id.clone());
        let notes = ids.map(|id| Note::VariableId { line, id });
        self.plan.notes.extend(notes);
    }

    /// Notes that a line could be given the socket that signs, where there is one.
    fn expose(&mut self, line: usize, is_exposed: bool) {
        if self.default_signs && is_exposed {
            self.exposed.get_or_insert(line);
        }
    }

    /// Whether there is more in a flag than other versions of the engine read alike: escapes, quotes, control
    /// characters.
    fn is_odd(&self, command: &Command) -> bool {
        let is_odd = |byte: u8| !byte.is_ascii_graphic() || b"\\`'\"".contains(&byte);
        let mut flags = command.flags.iter();
        flags.any(|flag| flag.span.text(self.source).bytes().any(is_odd))
    }

    fn signs(&self, id: &str) -> bool {
        self.default_signs && id == DEFAULT_ID
    }

    /// The id of mounts that wiring adds.
    fn id(&self) -> &'static str {
        if self.passed.has_ssh(FETCH_ID) {
            OTHER_FETCH_ID
        } else {
            FETCH_ID
        }
    }

    fn insert(&mut self, at: usize, text: String) {
        if !text.is_empty() {
            self.splices.push(Splice::insert(at, text));
        }
    }

    fn finish(self, dockerfile: &Dockerfile<'_>) -> Result<Plan, Unwirable> {
        if let Some(line) = self.exposed {
            return Err(Unwirable::Signs { line });
        }
        let mut plan = self.plan;
        if !self.splices.is_empty() {
            plan.dockerfile = Some(changed(dockerfile, self.splices).ok_or(Unwirable::Unreadable)?);
        }
        Ok(plan)
    }
}

/// The id of mounts that wiring adds.
const FETCH_ID: &str = "keystay";
/// The same where the user has taken the first one.
const OTHER_FETCH_ID: &str = "keystay.fetch";
