//! `composer.lock` (getcomposer.org, "The lock file"): packages as in `installed.json`, and apart from them those for
//! development, `packages-dev`, which are left out.

use serde_json::Value;

use super::super::{Cataloger, FileName, Reads, Unreadable, parse, php};
use super::{is, locked};
use crate::fact::Fact;

/// `composer.lock`.
pub static CATALOGER: Cataloger = Cataloger { name: "composer-lock", wants, reads: Reads::Whole(look) };

const WHAT: &str = "composer.lock";

fn wants(file: &FileName<'_>) -> bool {
    is(file, WHAT)
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let json = parse::json(WHAT, data)?;
    let Some(packages) = json.get("packages").and_then(Value::as_array) else { return Ok(Vec::new()) };
    parse::bounded(WHAT, packages.len())?;
    locked(WHAT, packages.iter().filter_map(php::package).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::packages;
    use super::*;
    use crate::catalog::parse::testing::{file, lines, survives};

    #[test]
    fn what_is_not_for_development() {
        let text = br#"{"packages": [{"name": "A/b", "version": "1.0", "require": {"php": "*", "c/d": "^2"}},
            {"name": "m/m", "version": "1", "type": "metapackage"}],
            "packages-dev": [{"name": "c/d", "version": "2"}]}"#;
        let found = packages(&CATALOGER, "/app/composer.lock", text).unwrap();
        assert_eq!(lines(&found), ["a/b 1.0"]);
        assert_eq!(found[0].depends, ["c/d"]);
        assert!(!wants(&file("/app/vendor/a/b/composer.lock", 0)));
        assert_eq!(packages(&CATALOGER, "/composer.lock", b"[]").unwrap(), []);
        survives(&CATALOGER, "/app/composer.lock", text);
    }
}
