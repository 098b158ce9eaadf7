//! One request.

use std::io::{ErrorKind, Read};
use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, StatusCode, header};
use ureq::{Agent, Proxy, Timeout};

use crate::halt::{Halt, Halted};
use crate::settings::{Patience, Settings};

/// The name under which the host is asked.
const USER_AGENT: &str = concat!(
    "cytolens/",
    env!("CARGO_PKG_VERSION"),
    " (+",
    env!("CARGO_PKG_REPOSITORY"),
    ")"
);

/// The most bytes of an answer, over ten times the atlas's largest images: what a host sends must fit into memory.
const MAX_BYTES: u64 = 32 << 20;

/// The most redirects of one request.
const MAX_REDIRECTS: u32 = 5;

/// The reason for which there is no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// There is none, and another attempt would not change it.
    Image(String),
    /// The host answers nobody as it is asked, so another attempt would not change it.
    Refusal(String),
    /// What came is a part of an image.
    Broken(String),
    /// The host or the way to it has trouble that may pass.
    Passing(String),
    /// The host asks everybody to wait, for a time where it says so.
    Wait(String, Option<Duration>),
    /// Somebody wants to stop.
    Halted,
}

impl From<Halted> for Trouble {
    fn from(_: Halted) -> Self {
        Self::Halted
    }
}

/// The connections to the host. One asks for one image at a time.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    patience: Patience,
}

impl Client {
    /// Makes a client; it connects when it first asks.
    pub fn new(settings: &Settings) -> Self {
        let patience = settings.patience.clone();
        let proxy = if settings.base.is_this_machine() {
            None
        } else {
            Proxy::try_from_env()
        };
        let agent = Agent::config_builder()
            .user_agent(USER_AGENT)
            .accept("image/*")
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .max_idle_connections(settings.connections)
            .max_idle_connections_per_host(settings.connections)
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_per_read(Some(patience.read))
            .timeout_per_write(Some(patience.read))
            .timeout_global(Some(patience.total))
            .build()
            .new_agent();
        Self { agent, patience }
    }

    /// Asks for what lies at an address.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn get(&self, address: &str, halt: &Halt<'_>) -> Result<Vec<u8>, Trouble> {
        let mut answer = match self.agent.get(address).call() {
            Ok(answer) => answer,
            Err(error) => return Err(self.trouble(error)),
        };
        judge(answer.status(), answer.headers())?;
        let length = answer.body().content_length().unwrap_or(0).min(MAX_BYTES);
        let mut bytes = Vec::with_capacity(length as usize);
        let mut body = answer.body_mut().with_config().limit(MAX_BYTES).reader();
        let mut piece = vec![0; 64 << 10];
        loop {
            halt.check()?;
            match body.read(&mut piece) {
                Ok(0) => return Ok(bytes),
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.trouble(error.into())),
            }
        }
    }

    /// The trouble of a request that has no whole answer.
    fn trouble(&self, error: ureq::Error) -> Trouble {
        let Patience {
            connect,
            read,
            total,
            ..
        } = &self.patience;
        Trouble::Passing(match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("no connection within {connect:?}")
            }
            ureq::Error::Timeout(Timeout::Global) => format!("no whole answer within {total:?}"),
            ureq::Error::Timeout(_) => format!("the host fell silent for {read:?}"),
            ureq::Error::HostNotFound => "there is no such host, or no network".to_owned(),
            ureq::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                "the connection broke off".to_owned()
            }
            ureq::Error::Io(error) => format!("the connection failed ({error})"),
            ureq::Error::TooManyRedirects => {
                return Trouble::Image(format!("more than {MAX_REDIRECTS} redirects"));
            }
            ureq::Error::BodyExceedsLimit(limit) => {
                return Trouble::Image(format!("the answer is longer than {limit} bytes"));
            }
            error => format!("the request failed ({error})"),
        })
    }
}

/// Judges an answer by its head.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Trouble> {
    let said = format!("the host answers {status}");
    match status.as_u16() {
        200 => {}
        401 | 403 | 407 | 451 => return Err(Trouble::Refusal(said)),
        429 | 503 => return Err(Trouble::Wait(said, retry_after(headers, SystemTime::now()))),
        408 | 425 | 500..=599 => return Err(Trouble::Passing(said)),
        _ => return Err(Trouble::Image(said)),
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("text/") {
        return Err(Trouble::Image(format!(
            "the host answers with text ({kind}) and no image"
        )));
    }
    Ok(())
}

/// The time that a host asks to wait: by `Retry-After`, in seconds or until a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn the_wait_is_read_in_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            let wait = retry_after(&headers(&[(header::RETRY_AFTER, text)]), now);
            assert_eq!(wait, expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn answers_are_judged() {
        let status = |code| {
            judge(
                StatusCode::from_u16(code).expect("a code"),
                &HeaderMap::new(),
            )
        };
        assert_eq!(status(200), Ok(()));
        for code in [204, 206, 300, 400, 404, 410, 418] {
            assert!(matches!(status(code), Err(Trouble::Image(_))), "{code}");
        }
        for code in [401, 403] {
            assert!(matches!(status(code), Err(Trouble::Refusal(_))), "{code}");
        }
        for code in [408, 425, 500, 502, 504, 599] {
            assert!(matches!(status(code), Err(Trouble::Passing(_))), "{code}");
        }
        for code in [429, 503] {
            assert!(
                matches!(status(code), Err(Trouble::Wait(_, None))),
                "{code}"
            );
        }
        let html = headers(&[(header::CONTENT_TYPE, "text/html; charset=utf-8")]);
        assert!(matches!(
            judge(StatusCode::OK, &html),
            Err(Trouble::Image(_))
        ));
    }

    #[test]
    fn the_name_says_who_asks_and_where_to_complain() {
        let expected = format!(
            "cytolens/{} (+https://github.com/cytolens/cytolens)",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(USER_AGENT, expected);
    }
}
