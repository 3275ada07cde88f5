//! What `--help` shows besides the options, and in which groups it shows them.

/// What stands below the options.
pub(super) const AFTER: &str = "\
Examples:
  pronto
      for browsers on this machine
  pronto --listen 0.0.0.0:9090 --tls self-signed
      for phones and others in the same network
  pronto --listen '[::]:443' --redirect '[::]:80' --tls acme --public-host talk.example.org
      for everybody, with a certificate from Let's Encrypt

PRONTO_LOG chooses what is logged: error, warn, info (by default), debug or trace.";

/// The groups in which `--help` shows the options.
pub(super) mod heading {
    pub(in crate::cli) const NETWORK: &str = "Network";
    pub(in crate::cli) const TLS: &str = "HTTPS";
    pub(in crate::cli) const RELAY: &str = "Relay";
    pub(in crate::cli) const SIGN_IN: &str = "Signing in";
    pub(in crate::cli) const LIMITS: &str = "Limits";
    pub(in crate::cli) const FILES: &str = "Files";
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::AFTER;
    use crate::cli::{Cli, tests::parse};

    /// Each option is in a group, and README.md has it in the same one.
    #[test]
    fn every_option_is_in_a_group_of_help_and_readme() {
        let readme = include_str!("../../../../README.md");
        let (_, readme) = readme.split_once("## Options of the server").unwrap();
        let (readme, _) = readme.split_once("\n## ").unwrap();
        let command = Cli::command();
        let options = command.get_arguments().filter(|option| !option.is_hide_set());
        let mut headings = Vec::new();
        for option in options {
            let name = option.get_long().unwrap();
            let heading = option.get_help_heading();
            let heading = heading.unwrap_or_else(|| panic!("--{name} is in no group"));
            let (_, group) = readme.split_once(&format!("### {heading}\n")).unwrap();
            let group = group.split("\n### ").next().unwrap();
            let named = [' ', '`'].iter().any(|end| group.contains(&format!("`--{name}{end}")));
            assert!(named, "--{name} is not below {heading} in README.md");
            headings.push(heading);
        }
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings, ["Files", "HTTPS", "Limits", "Network", "Relay", "Signing in"]);
        let help = Cli::command().render_long_help().to_string();
        assert_eq!(help.matches("\n  pronto").count(), 3, "{help}");
    }

    #[test]
    fn every_example_is_a_good_command() {
        for line in AFTER.lines().filter_map(|line| line.strip_prefix("  pronto")) {
            let line = line.replace('\'', "");
            parse(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        }
    }
}
