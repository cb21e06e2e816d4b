//! An operations socket with answers made up beforehand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// Requests as they came: start line without the version, and body.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

pub(crate) struct FakeNode {
    _folder: TempDir,
    socket: PathBuf,
    seen: Seen,
}

impl FakeNode {
    /// Answers everything alike.
    pub(crate) fn answering(status: u16, body: &str) -> Self {
        Self::answering_each(&[(status, body)])
    }

    /// Answers one after the other, the last one for ever.
    pub(crate) fn answering_each(answers: &[(u16, &str)]) -> Self {
        Self::start(answers.iter().map(|(status, body)| Some((*status, (*body).to_owned()))).collect())
    }

    /// Reads requests and answers none.
    pub(crate) fn hanging_up() -> Self {
        Self::start(vec![None])
    }

    fn start(answers: Vec<Option<(u16, String)>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("woad.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let seen = Seen::default();
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for (place, stream) in listener.incoming().enumerate() {
                let answer = answers.get(place).or(answers.last()).unwrap();
                answer_one(stream.unwrap(), answer.as_ref(), &log);
            }
        });
        Self { _folder: folder, socket, seen }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }
}

fn answer_one(mut stream: UnixStream, answer: Option<&(u16, String)>, seen: &Seen) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut start = String::new();
    reader.read_line(&mut start).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let line = start.trim().trim_end_matches(" HTTP/1.1").to_owned();
    seen.lock().unwrap().push((line, String::from_utf8(body).unwrap()));
    if let Some((status, body)) = answer {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap();
    }
}
