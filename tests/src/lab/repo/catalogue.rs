//! What is in the private repositories.

use super::Repository;

macro_rules! dependencies {
    ($($number:literal)*) => {
        [$(Repository {
            name: concat!("acme/dep-", $number),
            files: &[
                ("README", concat!("dependency ", $number, "\n")),
                ("dep.txt", concat!($number, "\n")),
            ],
        }),*]
    };
}

/// The libraries and packages that a build fetches one of: one for each package manager.
pub const REPOSITORIES: [Repository; 9] = [
    Repository {
        name: "acme/lib-a",
        files: &[("README", "library a\n"), ("a.txt", "alpha\n")],
    },
    Repository {
        name: "acme/lib-b",
        files: &[("README", "library b\n"), ("b.txt", "beta\n")],
    },
    Repository {
        name: "acme/tools/x",
        files: &[("README", "tool x\n"), ("x.sh", "echo x\n")],
    },
    Repository {
        name: "acme/npm-greet",
        files: &[
            (
                "package.json",
                "{\n  \"name\": \"greet\",\n  \"version\": \"1.0.0\",\n  \"main\": \"index.js\"\n}\n",
            ),
            (
                "index.js",
                "module.exports = name => `hello ${name} from npm`\n",
            ),
        ],
    },
    Repository {
        name: "acme/go-greet",
        files: &[
            ("go.mod", "module github.com/acme/go-greet\n\ngo 1.19\n"),
            (
                "greet.go",
                "// Package greet greets.\npackage greet\n\n\
                 // Hello greets somebody.\n\
                 func Hello(name string) string { return \"hello \" + name + \" from go\" }\n",
            ),
        ],
    },
    Repository {
        name: "acme/py-greet",
        files: &[
            (
                "setup.py",
                "from setuptools import setup\n\n\
                 setup(name='greet', version='1.0.0', py_modules=['greet'])\n",
            ),
            (
                "greet.py",
                "def hello(name):\n    return f'hello {name} from python'\n",
            ),
        ],
    },
    Repository {
        name: "acme/cargo-greet",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"greet\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
            ),
            (
                "src/lib.rs",
                "pub fn hello(name: &str) -> String {\n    format!(\"hello {name} from cargo\")\n}\n",
            ),
        ],
    },
    Repository {
        name: "acme/php-greet",
        files: &[
            (
                "composer.json",
                "{\n    \"name\": \"acme/php-greet\",\n    \"description\": \"Greets\",\n    \
                 \"autoload\": { \"files\": [\"src/greet.php\"] }\n}\n",
            ),
            (
                "src/greet.php",
                "<?php\n\nfunction greet(string $name): string\n{\n    \
                 return \"hello $name from php\";\n}\n",
            ),
        ],
    },
    Repository {
        name: "acme/gem-greet",
        files: &[
            (
                "greet.gemspec",
                "Gem::Specification.new do |s|\n  s.name = 'greet'\n  s.version = '1.0.0'\n  \
                 s.summary = 'Greets'\n  s.authors = ['Acme']\n  s.files = ['lib/greet.rb']\nend\n",
            ),
            (
                "lib/greet.rb",
                "def greet(name)\n  \"hello #{name} from ruby\"\nend\n",
            ),
        ],
    },
];

/// Thirty small ones, `acme/dep-01` to `acme/dep-30`, for builds with many dependencies.
pub const DEPENDENCIES: [Repository; 30] = dependencies![
    "01" "02" "03" "04" "05" "06" "07" "08" "09" "10"
    "11" "12" "13" "14" "15" "16" "17" "18" "19" "20"
    "21" "22" "23" "24" "25" "26" "27" "28" "29" "30"
];

/// A repository with the submodules `libs/a` (`acme/lib-a`) and `libs/b` (`acme/lib-b`), by
/// addresses relative to its own.
pub const WITH_SUBMODULES: Repository = Repository {
    name: "acme/with-submodules",
    files: &[
        ("README", "two submodules\n"),
        (
            ".gitmodules",
            "[submodule \"libs/a\"]\n\tpath = libs/a\n\turl = ../lib-a.git\n\
             [submodule \"libs/b\"]\n\tpath = libs/b\n\turl = ../lib-b.git\n",
        ),
    ],
};

/// Where the submodules stand, and which repositories they are.
pub(super) const SUBMODULES: [(&str, &str); 2] =
    [("libs/a", "acme/lib-a"), ("libs/b", "acme/lib-b")];
