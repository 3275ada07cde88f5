//! Where the certificate comes from.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use hyper::Uri;
use server::{Tls, config::PublicHost, tls::Acme};

use super::{help::heading, listen};

/// Where the certificate comes from.
#[derive(Debug, Args)]
pub(super) struct TlsOptions {
    /// Whether the server speaks HTTPS, and where its certificate comes from: `files` (--tls-cert, --tls-key), `acme` (an
    /// authority such as Let's Encrypt, whose terms you agree to; needs --public-host, and port 443), or `self-signed`
    /// (for trying it on a phone, which has to be told to trust it).
    #[arg(
        long,
        env = "PRONTO_TLS", help_heading = heading::TLS,
        value_name = "OFF|FILES|ACME|SELF-SIGNED",
        default_value = "off",
        hide_possible_values = true
    )]
    tls: TlsChoice,

    /// The certificate with its chain, in PEM. Read again when it changes.
    #[arg(long, env = "PRONTO_TLS_CERT", help_heading = heading::TLS, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM.
    #[arg(long, env = "PRONTO_TLS_KEY", help_heading = heading::TLS, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// Where the authority may write to when something is wrong with the certificate.
    #[arg(long, env = "PRONTO_ACME_EMAIL", help_heading = heading::TLS, value_name = "ADDRESS")]
    acme_email: Option<String>,

    /// The authority's directory, if it is not Let's Encrypt.
    #[arg(long, env = "PRONTO_ACME_DIRECTORY", help_heading = heading::TLS, value_name = "URL", value_parser = directory)]
    acme_directory: Option<String>,

    /// The root certificate, in PEM, of an authority that this machine does not trust by itself.
    #[arg(long, env = "PRONTO_ACME_ROOT", help_heading = heading::TLS, value_name = "FILE")]
    acme_root: Option<PathBuf>,

    /// Another address and port to listen on, where plain HTTP is sent on to HTTPS: `[::]:80`, if --listen is on 443.
    #[arg(long, env = "PRONTO_REDIRECT", help_heading = heading::TLS, value_name = "ADDRESS:PORT", value_parser = listen)]
    pub(super) redirect: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TlsChoice {
    Off,
    Files,
    Acme,
    SelfSigned,
}
impl TlsOptions {
    /// Whether the certificate is one that people have to be told to trust.
    pub(super) fn is_self_signed(&self) -> bool {
        self.tls == TlsChoice::SelfSigned
    }

    /// Whether the certificate comes from an authority that looks for the server at port 443.
    pub(super) fn is_looked_for_at_443(&self) -> bool {
        self.tls == TlsChoice::Acme && self.acme_directory.is_none()
    }

    const fn speaks_of_acme(&self) -> bool {
        self.acme_email.is_some() || self.acme_directory.is_some() || self.acme_root.is_some()
    }

    /// # Errors
    /// Says which options do not go together, or what is wrong with the certificate.
    pub(super) fn into_tls(
        self,
        public: Option<&PublicHost>,
        state: Option<&Path>,
    ) -> Result<Option<Tls>, String> {
        let state = || state.ok_or("--state is needed: there is no directory for certificates.");
        let tls = match self.tls {
            TlsChoice::Off if self.redirect.is_some() => {
                return Err("--redirect needs --tls.".to_owned());
            }
            // Whoever names a certificate does not want plain HTTP.
            TlsChoice::Off if self.tls_cert.is_some() || self.tls_key.is_some() => {
                return Err("--tls-cert and --tls-key need --tls files.".to_owned());
            }
            TlsChoice::Off if self.speaks_of_acme() => {
                return Err("--acme-email, -directory and -root need --tls acme.".to_owned());
            }
            TlsChoice::Off => return Ok(None),
            TlsChoice::Files => {
                let certificate = self.tls_cert.ok_or("--tls files needs --tls-cert.")?;
                let key = self.tls_key.ok_or("--tls files needs --tls-key.")?;
                Tls::files(certificate, key)
            }
            TlsChoice::SelfSigned => Tls::self_signed(state()?, &own_hosts(public)),
            TlsChoice::Acme => {
                let host = public.filter(|host| is_name(host.host()));
                let host = host.ok_or("--tls acme needs --public-host, a name and no address.")?;
                let directory =
                    self.acme_directory.unwrap_or_else(|| Acme::LETS_ENCRYPT.to_owned());
                Tls::acme(Acme {
                    host: host.host().to_owned(),
                    contact: self.acme_email.map(|address| format!("mailto:{address}")),
                    directory,
                    root: self.acme_root,
                    state: state()?.to_owned(),
                })
            }
        };
        tls.map(Some).map_err(|error| format!("{error}."))
    }
}

/// Nobody gets a certificate over plain HTTP (RFC 8555 section 6.1).
fn directory(text: &str) -> Result<String, String> {
    let url: Option<Uri> = text.parse().ok();
    let good = url.is_some_and(|url| url.scheme_str() == Some("https") && url.host().is_some());
    if good {
        Ok(text.to_owned())
    } else {
        Err("it is the URL of a directory, such as https://acme.example.org/directory".to_owned())
    }
}

fn is_name(host: &str) -> bool {
    !host.starts_with('[') && host.parse::<IpAddr>().is_err()
}

/// What this machine can be reached at: the certificate that it signs itself has to name it.
fn own_hosts(public: Option<&PublicHost>) -> Vec<String> {
    let public = public.map(|public| public.host().trim_matches(['[', ']']).to_owned());
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let homes = relay::own_addresses().map(|address| address.to_string());
    public.into_iter().chain(local).chain(homes).collect()
}

#[cfg(test)]
mod tests {
    use crate::cli::tests::parse;

    #[test]
    fn it_is_known_who_looks_for_the_server_at_port_443() {
        for (arguments, looked_for) in [
            (&["--tls", "acme"][..], true),
            (&["--tls", "acme", "--acme-directory", "https://acme.example.org/dir"], false),
            (&["--tls", "self-signed"], false),
            (&[], false),
        ] {
            assert_eq!(
                parse(arguments).unwrap().is_looked_for_at_443(),
                looked_for,
                "{arguments:?}"
            );
        }
    }
}
