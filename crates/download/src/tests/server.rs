//! A host on this machine that fails as it is told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::Base;

/// A request as the host sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is asked for, as in `/images/1/2_A1_1_red.jpg`.
    pub path: String,
    /// All lines of the head.
    pub head: String,
    /// The number of earlier requests for the same.
    pub before: usize,
    /// When it came.
    pub at: Instant,
}

/// What the host sends.
#[derive(Debug, Clone)]
pub struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
    manner: Manner,
}

/// How the host sends it.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// As it should.
    Whole,
    /// It promises more bytes than it sends.
    Cut,
    /// It sends half and falls silent.
    Silent,
    /// It says nothing at all.
    Mute,
    /// A byte now and then.
    Drip,
    /// After a while.
    Late(Duration),
}

impl Answer {
    pub fn status(status: &'static str) -> Self {
        Self {
            status,
            headers: "Content-Type: image/jpeg\r\n".to_owned(),
            body: b"not an image".to_vec(),
            manner: Manner::Whole,
        }
    }

    pub fn image(body: Vec<u8>) -> Self {
        Self {
            body,
            ..Self::status("200 OK")
        }
    }

    pub fn page(kind: &str) -> Self {
        Self {
            headers: format!("Content-Type: {kind}\r\n"),
            ..Self::image(b"<!DOCTYPE html><html><body>Welcome</body></html>".to_vec())
        }
    }

    pub fn redirect(to: &str) -> Self {
        Self::status("302 Found").with("Location", to)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    fn in_manner(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    pub fn cut(self) -> Self {
        self.in_manner(Manner::Cut)
    }

    pub fn silent(self) -> Self {
        self.in_manner(Manner::Silent)
    }

    pub fn mute(self) -> Self {
        self.in_manner(Manner::Mute)
    }

    pub fn drip(self) -> Self {
        self.in_manner(Manner::Drip)
    }

    pub fn late(self, time: Duration) -> Self {
        self.in_manner(Manner::Late(time))
    }
}

type Answering = dyn Fn(&Request) -> Answer + Send + Sync;

/// A host on a port of its own. It lives as long as the process of the test.
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Box<Answering>,
    requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Server {
    /// Starts a host that answers so.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let of_host = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let shared = Arc::clone(&of_host);
                let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
                shared.most_open.fetch_max(open, Ordering::SeqCst);
                thread::spawn(move || {
                    // A client may go away at any time.
                    shared.serve(connection).ok();
                });
            }
        });
        Self { port, shared }
    }

    pub fn base(&self) -> Base {
        format!("http://127.0.0.1:{}/images", self.port)
            .parse()
            .expect("a base")
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("a lock").clone()
    }

    /// The number of requests for each path.
    pub fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for request in self.requests() {
            *counts.entry(request.path).or_default() += 1;
        }
        counts
    }

    /// The most connections that were open at once.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(connection.try_clone()?);
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 {}
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let request = {
            let mut requests = self.requests.lock().expect("a lock");
            let before = requests.iter().filter(|other| other.path == path).count();
            let request = Request {
                path,
                head,
                before,
                at: Instant::now(),
            };
            requests.push(request.clone());
            request
        };
        let answer = (self.answer)(&request);
        if let Manner::Late(time) = answer.manner {
            thread::sleep(time);
        }
        // Before the last byte: a client that has it may open the next connection at once.
        self.open.fetch_sub(1, Ordering::SeqCst);
        send(&answer, connection, reader)
    }
}

fn send(
    answer: &Answer,
    mut connection: TcpStream,
    mut reader: BufReader<TcpStream>,
) -> std::io::Result<()> {
    let Answer {
        status,
        headers,
        body,
        manner,
    } = answer;
    if !matches!(manner, Manner::Mute) {
        let length = body.len();
        write!(
            connection,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n"
        )?;
    }
    match manner {
        Manner::Whole | Manner::Late(_) => connection.write_all(body),
        Manner::Cut => connection.write_all(&body[..body.len() / 2]),
        Manner::Silent => {
            connection.write_all(&body[..body.len() / 2])?;
            wait_for_its_end(&mut reader)
        }
        Manner::Mute => wait_for_its_end(&mut reader),
        Manner::Drip => body.iter().try_for_each(|byte| {
            thread::sleep(Duration::from_millis(20));
            connection.write_all(&[*byte])
        }),
    }
}

/// Waits until the client has closed the connection.
fn wait_for_its_end(reader: &mut impl Read) -> std::io::Result<()> {
    std::io::copy(reader, &mut std::io::sink()).map(|_| ())
}
