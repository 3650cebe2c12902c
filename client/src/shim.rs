//! The shim, built for every platform that images have (`client/shim/`, `client/build.rs`).

/// A platform that a build step can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Platform {
    /// `linux/amd64`
    Amd64,
    /// `linux/arm64`
    Arm64,
}

impl Platform {
    /// Reads a platform as engines write it: `linux/arm64/v8`, `linux/amd64`, `arm64`, `linux`.
    ///
    /// As with them, the host's architecture is meant where none is named. Nothing if it is a platform
    /// that there is no shim for.
    #[must_use]
    pub fn of_docker(platform: &str) -> Option<Self> {
        let platform = platform.to_ascii_lowercase();
        let mut parts = platform.split('/');
        match (parts.next(), parts.next()) {
            (Some("linux" | "local"), None) => Some(Self::of_host()),
            (Some("linux"), Some(architecture)) | (Some(architecture), None) => {
                Self::of_architecture(architecture)
            }
            _ => None,
        }
    }

    /// The platform of images that an engine on this machine builds when it is asked for none.
    #[must_use]
    pub fn of_host() -> Self {
        if cfg!(target_arch = "aarch64") {
            Self::Arm64
        } else {
            Self::Amd64
        }
    }

    fn of_architecture(architecture: &str) -> Option<Self> {
        match architecture {
            "amd64" | "x86_64" | "x86-64" => Some(Self::Amd64),
            "arm64" | "aarch64" => Some(Self::Arm64),
            _ => None,
        }
    }
}

/// The shim for a platform: a static program that needs nothing of the image it runs in.
#[must_use]
pub fn bytes(platform: Platform) -> &'static [u8] {
    match platform {
        Platform::Amd64 => include_bytes!(concat!(env!("OUT_DIR"), "/ssh-x86_64")),
        Platform::Arm64 => include_bytes!(concat!(env!("OUT_DIR"), "/ssh-aarch64")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_read_as_engines_write_it() {
        for (written, platform) in [
            ("linux/amd64", Some(Platform::Amd64)),
            ("linux/amd64/v3", Some(Platform::Amd64)),
            ("Linux/x86_64", Some(Platform::Amd64)),
            ("linux/arm64", Some(Platform::Arm64)),
            ("linux/arm64/v8", Some(Platform::Arm64)),
            ("aarch64", Some(Platform::Arm64)),
            ("linux", Some(Platform::of_host())),
            ("linux/arm/v7", None),
            ("linux/386", None),
            ("windows/amd64", None),
            ("linux/", None),
            ("", None),
        ] {
            assert_eq!(Platform::of_docker(written), platform, "{written}");
        }
    }
}
