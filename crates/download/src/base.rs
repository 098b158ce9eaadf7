//! The hosts of the atlas's images.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use cytolens_core::Channel;
use cytolens_data::credits::Credits;
use ureq::http::Uri;

use crate::id::AtlasId;

/// The address under which images lie: `<base>/<number>/<plate>_<well>_<n>_<channel>.jpg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    address: String,
    host: String,
}

/// The error for a text that is no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the base must be v18, current, or an address such as https://host/images, not {0:?}")]
pub struct NoSuchBase(String);

/// The hosts that are known by a name: name, address, and the licence of what lies there.
///
/// The atlas's licence differs from release to release. That of release 18 is 3.0; of the current release sources say 4.0 with and
/// without share-alike, of which the stricter stands here. docs/download.md says where to read it.
const KNOWN: [(&str, &str, &str); 2] = [
    ("v18", "http://v18.proteinatlas.org/images", "CC-BY-SA-3.0"),
    ("current", "https://images.proteinatlas.org", "CC-BY-SA-4.0"),
];

/// The people and the publication to be named with the images.
const ATTRIBUTION: &str = "Human Protein Atlas, proteinatlas.org; Thul PJ et al., A subcellular map of the human proteome, \
                           Science 356, eaal3321 (2017), doi:10.1126/science.aal3321";

impl Base {
    /// The address of a channel's image.
    pub fn address_of(&self, id: AtlasId<'_>, channel: Channel) -> String {
        format!(
            "{}/{}/{}_{channel}.jpg",
            self.address,
            id.number(),
            id.image()
        )
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host is this machine, which no proxy leads to.
    pub fn is_this_machine(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// The attribution of the images, and their licence where the host is one of the atlas's own.
    pub fn credits(&self) -> Credits {
        let known = KNOWN
            .iter()
            .find(|(_, address, _)| *address == self.address);
        Credits {
            attribution: Some(ATTRIBUTION.to_owned()),
            licence: known.map(|(_, _, licence)| (*licence).to_owned()),
        }
    }
}

impl Default for Base {
    /// The host of release 18.
    fn default() -> Self {
        KNOWN[0].0.parse().expect("a known base")
    }
}

impl FromStr for Base {
    type Err = NoSuchBase;

    /// Reads the name of a known host or an `http` or `https` address.
    fn from_str(text: &str) -> Result<Self, NoSuchBase> {
        let no_base = || NoSuchBase(text.to_owned());
        let known = KNOWN.iter().find(|(name, _, _)| *name == text);
        let address = known.map_or(text, |(_, address, _)| address);
        let address = address.trim_end_matches('/');
        let uri: Uri = address.parse().map_err(|_| no_base())?;
        let authority = uri.authority().ok_or_else(no_base)?;
        // A password would stand in every message. An address with a question mark cannot be a folder.
        let is_folder = matches!(uri.scheme_str(), Some("http" | "https"))
            && !authority.host().is_empty()
            && !address.contains(['?', '#', '@']);
        if !is_folder {
            return Err(no_base());
        }
        Ok(Self {
            address: address.to_owned(),
            host: authority.host().to_owned(),
        })
    }
}

impl fmt::Display for Base {
    /// Writes what [`Base::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_addresses() {
        let id = AtlasId::parse("10580_1610_C1_1").expect("an id");
        for (base, expected) in [
            (
                "v18",
                "http://v18.proteinatlas.org/images/10580/1610_C1_1_red.jpg",
            ),
            (
                "current",
                "https://images.proteinatlas.org/10580/1610_C1_1_red.jpg",
            ),
            (
                "http://localhost:8080/a/b//",
                "http://localhost:8080/a/b/10580/1610_C1_1_red.jpg",
            ),
        ] {
            let base: Base = base.parse().expect("a base");
            assert_eq!(base.address_of(id, Channel::Red), expected);
            assert_eq!(base.to_string().parse(), Ok(base));
        }
    }

    #[test]
    fn other_texts_are_no_bases() {
        for text in [
            "",
            "v99",
            "proteinatlas.org",
            "ftp://proteinatlas.org/images",
            "http://",
            "http:///images",
            "https://somebody:secret@host/images",
            "https://host/images?size=1",
            "https://host/images#top",
            "/images",
            "https://host name/",
        ] {
            let error = text.parse::<Base>().expect_err("a refusal").to_string();
            assert!(error.contains("v18, current, or"), "{error}");
        }
    }

    #[test]
    fn only_known_hosts_have_a_licence() {
        assert_eq!(Base::default().to_string(), KNOWN[0].1);
        let licence = |base: &str| base.parse::<Base>().expect("a base").credits().licence;
        assert_eq!(licence("v18").as_deref(), Some("CC-BY-SA-3.0"));
        assert_eq!(licence("https://mirror.example/images"), None);
    }

    #[test]
    fn this_machine_is_known() {
        for (base, expected) in [
            ("http://127.0.0.1:80/", true),
            ("http://[::1]:80/", true),
            ("http://localhost", true),
            ("current", false),
        ] {
            let base: Base = base.parse().expect("a base");
            assert_eq!(base.is_this_machine(), expected, "{base}");
        }
    }
}
