//! Java's runtime: the file `release` in its folder.

use super::parse::{self, present};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// Java's runtime.
pub static CATALOGER: Cataloger = Cataloger { name: "jvm", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    file.name() == "release"
}

/// `KEY="VALUE"` on each line (JEP 223 and the JDK's make files). Files of other programs are called so too.
fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = parse::text("release", data)?;
    let value = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| *name == key)
            .and_then(|(_, value)| present(value.trim().trim_matches('"')))
    };
    let Some(version) = value("JAVA_VERSION").filter(|version| parse::is_name(version)) else {
        return Ok(Vec::new());
    };
    let mut package = Package::new(Ecosystem::Generic, "openjdk", version);
    package.supplier = value("IMPLEMENTOR").map(str::to_owned);
    Ok(vec![Fact::Package(package)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::parse::testing::{packages as shown, survives};

    #[test]
    fn runtime() {
        let text = b"IMPLEMENTOR=\"Debian\"\nJAVA_CATALOGER_VERSION=\"17.0.9+9\"\nJAVA_VERSION=\"17.0.9\"\n";
        let mut expected = Package::new(Ecosystem::Generic, "openjdk", "17.0.9");
        expected.supplier = Some("Debian".into());
        assert_eq!(shown(&CATALOGER, "/usr/lib/jvm/java-17/release", text), [expected]);
        assert_eq!(shown(&CATALOGER, "/x/release", b"1.0\n"), []);
        survives(&CATALOGER, "/x/release", text);
    }
}
