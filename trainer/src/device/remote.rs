//! Devices of other machines, which `trainer serve` serves there.

use std::fmt;
use std::net::ToSocketAddrs;

use anyhow::{Context, Result, ensure};
use burn::remote::{EndpointId, IrohHost, IrohRelays, RemoteHost};
use burn::tensor::Device;

/// A served device, written `iroh:ID:TOKEN@HOST:PORT/NUMBER`: `ID` is the server's public key, by which it proves its identity,
/// and `/NUMBER` may be left out for its first device.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteDevice {
    server: EndpointId,
    token: String,
    /// The host, a name or an address, and the UDP port.
    address: String,
    number: usize,
}

impl RemoteDevice {
    /// The device `number` of the server `server`, which listens at `address` (a host and a port) and accepts `token`.
    pub fn new(server: EndpointId, token: String, address: String, number: usize) -> Self {
        Self {
            server,
            token,
            address,
            number,
        }
    }

    /// Parses the text after `iroh:`.
    ///
    /// # Errors
    /// The reason, if it is malformed.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (who, place) = text.split_once('@').ok_or("there is no @")?;
        let (id, token) = who
            .split_once(':')
            .ok_or("there is no token before the @")?;
        let server = id
            .parse()
            .map_err(|_| "what follows iroh: is no server's ID")?;
        let (address, number) = match place.split_once('/') {
            Some((address, number)) => {
                let number = number
                    .parse()
                    .map_err(|_| "what follows the / is no number");
                (address, number?)
            }
            None => (place, 0),
        };
        let (host, port) = address.rsplit_once(':').ok_or("there is no port")?;
        port.parse::<u16>()
            .map_err(|_| "what follows the host is no port")?;
        if host.is_empty() {
            return Err("there is no host");
        }
        Ok(Self::new(
            server,
            token.to_owned(),
            address.to_owned(),
            number,
        ))
    }

    /// The text for `--device` on other machines. Whoever knows it can use the device.
    pub fn invitation(&self) -> String {
        format!(
            "iroh:{}:{}@{}/{}",
            self.server, self.token, self.address, self.number
        )
    }

    /// Connects directly to the server, without a relay.
    ///
    /// # Errors
    /// If the server cannot be reached, or refuses.
    pub fn open(&self) -> Result<Device> {
        let addresses: Vec<_> = self
            .address
            .to_socket_addrs()
            .with_context(|| format!("there is no machine {}", self.address))?
            .collect();
        ensure!(
            !addresses.is_empty(),
            "there is no machine {}",
            self.address
        );
        let host = addresses.into_iter().fold(
            IrohHost::new(self.server).with_relays(IrohRelays::Disabled),
            IrohHost::with_address,
        );
        let host = RemoteHost::iroh(host).with_credential(&self.token);
        Ok(Device::remote_options(&host)
            .device_index(self.number)
            .init()?)
    }
}

/// Writes the device without the token.
impl fmt::Display for RemoteDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "iroh:{}@{}/{}",
            self.server, self.address, self.number
        )
    }
}

/// Writes the device without the token, as [`Display`](fmt::Display).
impl fmt::Debug for RemoteDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RemoteDevice({self})")
    }
}

#[cfg(test)]
mod tests {
    use burn::server::IrohIdentity;

    use super::*;

    #[test]
    fn an_invitation_is_read_back_and_what_is_displayed_keeps_the_secret() {
        let id = IrohIdentity::from_bytes([7; 32]).id();
        for address in ["192.168.1.5:7411", "[::1]:7411", "gpu.local:7411"] {
            let device = RemoteDevice::new(id, "secret-1".to_owned(), address.to_owned(), 2);
            let text = device.invitation();
            let rest = text.strip_prefix("iroh:").expect("the kind");
            assert_eq!(RemoteDevice::parse(rest), Ok(device.clone()));
            assert_eq!(
                RemoteDevice::parse(rest.strip_suffix("/2").expect("the number"))
                    .map(|first| first.number),
                Ok(0)
            );
            for shown in [device.to_string(), format!("{device:?}")] {
                assert!(
                    shown.contains(address) && !shown.contains("secret"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let id = IrohIdentity::from_bytes([7; 32]).id();
        for (text, part) in [
            ("".to_owned(), "@"),
            (format!("{id}@host:1"), "token"),
            ("abc:token@host:1".to_owned(), "ID"),
            (format!("{id}:token@host"), "port"),
            (format!("{id}:token@host:port"), "port"),
            (format!("{id}:token@:1"), "host"),
            (format!("{id}:token@host:1/one"), "number"),
        ] {
            let reason = RemoteDevice::parse(&text).expect_err(&text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
