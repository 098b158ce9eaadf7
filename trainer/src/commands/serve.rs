//! `trainer serve`: serves this machine's devices to trainers on other machines.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::server::{IrohIdentity, IrohRelays, IrohTransport, RemoteServer, TokenAuthorizer};
use clap::Args;
use cytolens::package::sha256;

use crate::device::{DevicesChoice, RemoteDevice};
use crate::output::say;

/// The destination of a socket by which the system tells this machine's address: an address for
/// documentation (RFC 5737), to which nothing is sent.
const ELSEWHERE: &str = "192.0.2.1:9";

/// Serve this machine's devices to trainers on other machines
///
/// Prints the text for their --device. They connect directly, in the same network, encrypted, and
/// without any other machine. Whoever has the text can compute here. Ctrl-C ends it.
#[derive(Debug, Args)]
pub struct Serve {
    /// The device to serve, or several of a kind separated by commas
    #[arg(long, default_value = "wgpu")]
    device: DevicesChoice,
    /// The UDP port to listen at, on all of this machine's networks
    #[arg(long, default_value_t = 7411, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// This machine's name or address for the other machines. Without it, its address in the network of
    /// its default route
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// The server's secret key, made where there is none: with it, the printed text stays the same
    /// from one start to the next
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The token that others must know, in place of one made from the key: letters, digits, - and _
    #[arg(long, value_parser = token)]
    token: Option<String>,
}

impl Serve {
    /// Runs the command until it is interrupted.
    pub fn run(&self) -> Result<ExitCode> {
        let devices = self.device.open_all()?;
        let identity = match &self.key {
            Some(path) => IrohIdentity::load_or_create(path)
                .with_context(|| format!("cannot use the key {}", path.display()))?,
            None => IrohIdentity::random(),
        };
        let token = self.token.clone().unwrap_or_else(|| token_of(&identity));
        let port = self.port;
        // Fails before the text is printed, rather than after.
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))
            .with_context(|| format!("cannot listen at UDP port {port}; --port takes another"))?;

        let text = |host: &str| {
            let address = format!("{host}:{port}");
            let device = |number| {
                RemoteDevice::new(identity.id(), token.clone(), address.clone(), number)
                    .invitation()
            };
            let all: Vec<String> = (0..devices.len()).map(device).collect();
            format!("--device {}", all.join(","))
        };
        let host = self.host.clone().or_else(own_address);
        say!("Serving {}. From another machine:", self.device)?;
        match &host {
            Some(host) => say!("{}", text(host))?,
            None => say!(
                "the text below with this machine's address for 127.0.0.1: no network was found"
            )?,
        }
        say!("From this machine:\n{}", text("127.0.0.1"))?;

        let transport = IrohTransport::new(identity)
            .with_relays(IrohRelays::Disabled)
            .with_port(port);
        RemoteServer::new(devices)
            .with_authorizer(TokenAuthorizer::new(token)?)
            .serve(transport)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A token of 128 bits that follows from the server's secret key.
fn token_of(identity: &IrohIdentity) -> String {
    let mut digest = sha256(&[b"cytolens token", &identity.to_bytes()[..]].concat());
    digest.truncate(32);
    digest
}

fn token(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("a token is made of letters, digits, - and _".to_owned());
    }
    Ok(text.to_owned())
}

/// This machine's address in the network of its default route.
fn own_address() -> Option<String> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_unspecified() && !address.is_loopback() => {
            Some(address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_from_the_key_and_fits_into_the_text() {
        let of = |byte| token_of(&IrohIdentity::from_bytes([byte; 32]));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(token(&of(1)), Ok(of(1)));
        for wrong in ["", "a b", "a:b", "a@b", "a/b", "a,b"] {
            assert!(token(wrong).is_err(), "{wrong}");
        }
    }
}
