//! Ruby's installed gems: `specifications/NAME-VERSION.gemspec`, also those that come with Ruby (`default/`).
//!
//! A specification is a Ruby program, but what is installed was written by RubyGems itself
//! (`Gem::Specification#to_ruby`): one assignment on a line, of strings, lists of strings and calls. Only that form is
//! read, and nothing is evaluated.

use super::parse::{self, present};
use super::{Cataloger, FileName, Reads, Unreadable};
use crate::fact::{Ecosystem, Fact, Package};

/// Ruby's installed gems.
pub static CATALOGER: Cataloger = Cataloger { name: "ruby", wants, reads: Reads::Whole(look) };

fn wants(file: &FileName<'_>) -> bool {
    file.path.ends_with(".gemspec")
        && file.path.rsplit_once('/').is_some_and(|(folder, _)| {
            folder.ends_with("/specifications") || folder.ends_with("/specifications/default")
        })
}

fn look(_: &FileName<'_>, data: &[u8]) -> Result<Vec<Fact>, Unreadable> {
    let text = parse::text("gem specification", data)?;
    let mut gem = Gem::default();
    for line in text.lines() {
        gem.read(line.trim());
    }
    let Gem { name, version, platform, mut package, authors, .. } = gem;
    if !parse::is_name(&name) || !parse::is_name(&version) {
        return Ok(Vec::new());
    }
    package.name = name;
    package.version = version;
    if !platform.is_empty() && platform != "ruby" {
        package.qualifiers.insert("platform".into(), platform);
    }
    package.supplier = present(&authors.join(", ")).map(str::to_owned);
    package.depends.sort();
    package.depends.dedup();
    Ok(vec![Fact::Package(package)])
}

/// What is known of a gem so far.
struct Gem {
    name: String,
    version: String,
    platform: String,
    authors: Vec<String>,
    otherwise: bool,
    package: Package,
}

impl Default for Gem {
    fn default() -> Self {
        Self {
            name: String::new(),
            version: String::new(),
            platform: String::new(),
            authors: Vec::new(),
            otherwise: false,
            package: Package::new(Ecosystem::Gem, "", ""),
        }
    }
}

impl Gem {
    fn read(&mut self, line: &str) {
        // `# stub: NAME VERSION PLATFORM PATHS` holds them as they are, also where the assignment holds an expression. A
        // second such line lists extensions.
        if let Some(stub) = line.strip_prefix("# stub: ") {
            if !self.name.is_empty() {
                return;
            }
            let mut words = stub.split(' ');
            for part in [&mut self.name, &mut self.version, &mut self.platform] {
                words.next().unwrap_or_default().clone_into(part);
            }
            return;
        }
        // What old versions of RubyGems shall run: every dependency, of development too, by `add_dependency`.
        self.otherwise = line == "else" || (self.otherwise && line != "end");
        if self.otherwise {
            return;
        }
        let Some((_, member)) = line.split_once('.').filter(|(variable, _)| is_identifier(variable)) else {
            return;
        };
        if let Some(arguments) =
            ["add_runtime_dependency", "add_dependency"].iter().find_map(|call| member.strip_prefix(call))
        {
            self.package.depends.extend(strings(arguments).into_iter().take(1));
        } else if let Some((name, value)) = member.split_once('=') {
            self.assign(name.trim(), value.trim_start());
        }
    }

    fn assign(&mut self, member: &str, value: &str) {
        let strings = strings(value);
        let first = || strings.first().and_then(|text| present(text)).map(str::to_owned);
        match member {
            "name" if self.name.is_empty() => self.name = first().unwrap_or_default(),
            "version" if self.version.is_empty() => self.version = first().unwrap_or_default(),
            "platform" if self.platform.is_empty() => self.platform = first().unwrap_or_default(),
            "license" | "licenses" => self.package.licenses = strings,
            "homepage" => self.package.homepage = first(),
            "summary" => self.package.description = first(),
            "author" | "authors" => self.authors = strings,
            _ => {}
        }
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The string literals of an expression: `"..."`, `'...'` and `%q<...>`.
fn strings(expression: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find(['"', '\'', '%', '#']) {
        let (opening, after) = rest.split_at(at);
        let comment =
            after.starts_with('#') && (opening.is_empty() || opening.ends_with(char::is_whitespace));
        if comment {
            break;
        }
        let literal = ["\"", "'", "%q<"].iter().find_map(|start| Some((*start, after.strip_prefix(*start)?)));
        rest = match literal {
            Some(("%q<", body)) => take(body, '>', &mut found),
            Some(("'", body)) => take(body, '\'', &mut found),
            Some((_, body)) => take(body, '"', &mut found),
            None => &after[1..],
        };
    }
    found
}

/// Reads one literal, and returns what follows. A literal that does not end is none.
fn take<'a>(body: &'a str, end: char, found: &mut Vec<String>) -> &'a str {
    let mut text = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == end {
            found.push(text);
            return &body[at + character.len_utf8()..];
        }
        match character {
            '\\' => match characters.next() {
                Some((_, 'n' | 't' | 'r')) if end == '"' => text.push(' '),
                Some((at, 'u')) if end == '"' => text.extend(unicode(body, at + 1, &mut characters)),
                Some((_, escaped)) => text.push(escaped),
                None => break,
            },
            other => text.push(other),
        }
    }
    ""
}

/// `\uXXXX` or `\u{X}`, from behind the `u` on.
fn unicode(body: &str, at: usize, characters: &mut std::str::CharIndices<'_>) -> Option<char> {
    let rest = body.get(at..)?;
    let (digits, length) = match rest.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
        Some((digits, _)) => (digits, digits.chars().count() + 2),
        None => (rest.get(..4)?, 4),
    };
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
    characters.nth(length - 1);
    Some(character)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::catalog::parse::testing::{file, lines, packages, survives};

    const PATH: &str = "/usr/lib/ruby/gems/3.1.0/specifications/x-1.gemspec";

    const NOKOGIRI: &str = r#"# -*- encoding: utf-8 -*-
# stub: nokogiri 1.15.4 x86_64-linux lib
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.4"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.metadata = { "bug_tracker_uri" => "https://a/" } if s.respond_to? :metadata=
  s.authors = ["Mike Dalessio".freeze, "Jos\u00e9 \"J\"".freeze]
  s.date = "2023-08-11"
  s.description = "Nokogiri (\u92F8) makes it easy\nand fast.".freeze
  s.homepage = "https://nokogiri.org".freeze
  s.licenses = ["MIT".freeze, "Ruby".freeze]
  s.summary = "Nokogiri (\u{92F8}) makes".freeze
  s.installed_by_version = "3.3.15" if s.respond_to? :installed_by_version

  if s.respond_to? :specification_version then
    s.specification_version = 4
  end
  if s.respond_to? :add_runtime_dependency then
    s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
    s.add_development_dependency(%q<bundler>.freeze, [">= 0"])
  else
    s.add_dependency(%q<racc>.freeze, ["~> 1.4"])
    s.add_dependency(%q<bundler>.freeze, [">= 0"])
  end
  s.add_dependency(%q<mini_portile2>, [">= 0"])
end
"#;

    #[test]
    fn files() {
        for (path, wanted) in [
            (PATH, true),
            ("/usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec", true),
            ("/usr/lib/ruby/gems/3.1.0/gems/x-1/x.gemspec", false),
            ("/usr/lib/ruby/gems/3.1.0/gems/x-1/specifications/x/y.gemspec", false),
            ("/specifications/x.rb", false),
        ] {
            assert_eq!(wants(&file(path, 0)), wanted, "{path}");
        }
    }

    #[test]
    fn everything_that_it_tells() {
        let mut expected = Package::new(Ecosystem::Gem, "nokogiri", "1.15.4");
        expected.qualifiers.insert("platform".into(), "x86_64-linux".into());
        expected.licenses = vec!["MIT".into(), "Ruby".into()];
        expected.supplier = Some("Mike Dalessio, José \"J\"".into());
        expected.homepage = Some("https://nokogiri.org".into());
        expected.description = Some("Nokogiri (鋸) makes".into());
        expected.depends = vec!["mini_portile2".into(), "racc".into()];
        assert_eq!(packages(&CATALOGER, PATH, NOKOGIRI.as_bytes()), [expected]);
    }

    #[test]
    fn names_and_versions() {
        for (text, expected) in [
            ("s.name = 'a'\ns.version = Gem::Version.new(\"1.0\")", vec!["a 1.0"]),
            ("spec.name = \"a\" # \"b\"\nspec.version = \"1.0.pre\"", vec!["a 1.0.pre"]),
            ("# stub: a 2 ruby lib\ns.version = VERSION", vec!["a 2"]),
            ("s.name = \"a\"\ns.version = VERSION", vec![]),
            ("s.name = \"unclosed\ns.version = \"1\"", vec![]),
            ("s.name = \"a b\"\ns.version = \"1\"", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(lines(&packages(&CATALOGER, PATH, text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn literals() {
        for (text, expected) in [
            (r#""a\\", 'b\'c', %q<d>"#, vec!["a\\", "b'c", "d"]),
            (r#""\u00e9\u{e9}\uzz""#, vec!["éézz"]),
            (r#""a#{b}" # "c""#, vec!["a#{b}"]),
            (r#"%w[a] "b"#, vec![]),
            ("é\"é\"", vec!["é"]),
        ] {
            assert_eq!(strings(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile() {
        survives(&CATALOGER, PATH, NOKOGIRI.as_bytes());
    }

    /// The same gems as `gem list` finds where it runs.
    #[test]
    fn as_gem_lists() {
        let script = "Gem::Specification.dirs.each{|d| puts d}; Gem::Specification.each{|s| puts s.name+' '+s.version.to_s}";
        let Some(output) =
            Command::new("ruby").args(["-e", script]).output().ok().filter(|o| o.status.success())
        else {
            crate::testing::left_out("ruby");
            return;
        };
        let output = String::from_utf8(output.stdout).unwrap();
        let (folders, listed): (Vec<&str>, Vec<&str>) =
            output.lines().partition(|line| line.starts_with('/'));
        let mut found = Vec::new();
        for folder in folders.iter().flat_map(|folder| [(*folder).to_owned(), format!("{folder}/default")]) {
            for entry in Path::new(&folder).read_dir().into_iter().flatten() {
                let path = entry.unwrap().path();
                if wants(&file(path.to_str().unwrap(), 0)) {
                    found.extend(lines(&packages(
                        &CATALOGER,
                        path.to_str().unwrap(),
                        &std::fs::read(&path).unwrap(),
                    )));
                }
            }
        }
        let mut listed: Vec<String> = listed.into_iter().map(str::to_owned).collect();
        listed.sort();
        listed.dedup();
        found.sort();
        found.dedup();
        assert_eq!(found, listed);
    }
}
