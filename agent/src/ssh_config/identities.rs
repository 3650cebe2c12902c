//! Where the configuration's key files are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    SshConfig, Tokens,
    directive::{Directive, Setting},
};

impl SshConfig {
    /// The folders of all identity files, whichever host they are for, and of what links there stand
    /// for. Where a token of a host names a folder, it is the one above.
    pub(crate) fn identity_folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        for root in &self.files().roots {
            self.gather(root, &mut folders);
        }
        folders
    }

    fn gather(&self, directives: &[Directive], folders: &mut Vec<PathBuf>) {
        for directive in directives {
            match directive {
                Directive::Included(file) => self.gather(file, folders),
                Directive::Set(Setting::IdentityFile(written)) => {
                    folders.extend(self.folders_of(written));
                }
                _ => {}
            }
        }
    }

    fn folders_of(&self, written: &str) -> Vec<PathBuf> {
        let home = self.home.to_string_lossy();
        let text = written.replace("%d", &home);
        let known = text.split('%').next().unwrap_or_default();
        let is_whole = known.len() == text.len();
        let tokens = Tokens {
            home: &home,
            ..Tokens::default()
        };
        let known = if is_whole {
            known
        } else {
            known.rsplit_once('/').map_or("", |(folder, _)| folder)
        };
        let Some(path) = tokens.path(known) else {
            return Vec::new();
        };
        if !is_whole {
            return vec![path];
        }
        let mut public = path.clone().into_os_string();
        public.push(".pub");
        let linked = [path.as_path(), Path::new(&public)].map(|file| fs::canonicalize(file).ok());
        let files = [Some(path.clone())].into_iter().chain(linked).flatten();
        let folder = |file: PathBuf| file.parent().map(Path::to_owned);
        files.filter_map(folder).collect()
    }
}
