//! What stands before a server and turns some away: it reads each request, and answers as told, or lets the client through.

use std::{
    io::{Read, Write, copy},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread::spawn,
};

/// What becomes of a request.
pub(crate) enum Reply {
    /// It and all that follow on the connection are the server's.
    Pass,
    /// The same, but after so many bytes of the server's the connection is cut.
    Cut(u64),
    /// This is the answer.
    Say(String),
    /// There is none.
    Hold,
}

/// Serves each client on a thread of its own, until either leaves. Gives where it listens.
pub(crate) fn listens(serve: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            spawn(move || serve(client));
        }
    });
    address
}

/// Stands before `server`; `replies` is told each request's first line. Gives where it listens.
pub(crate) fn before(server: SocketAddr, replies: impl Fn(&str) -> Reply + Send + Sync + 'static) -> SocketAddr {
    // Whoever leaves ends a copy, or a read.
    listens(move |client| serve(client, server, &replies))
}

/// An answer that says no, or something else.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Say(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
}

fn serve(mut client: TcpStream, server: SocketAddr, replies: &dyn Fn(&str) -> Reply) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        let text = std::str::from_utf8(&head).ok()?;
        let reply = replies(text.lines().next()?);
        match reply {
            // The next thing to be read is that the client has left.
            Reply::Hold => {}
            Reply::Say(text) => client.write_all(text.as_bytes()).ok()?,
            Reply::Pass | Reply::Cut(_) => {
                let mut server = TcpStream::connect(server).ok()?;
                server.write_all(&head).ok()?;
                let (mut up, mut down) = (client.try_clone().ok()?, server.try_clone().ok()?);
                spawn(move || {
                    let _ = copy(&mut up, &mut down);
                    let _ = down.shutdown(std::net::Shutdown::Both);
                });
                let most = if let Reply::Cut(bytes) = reply { bytes } else { u64::MAX };
                let _ = copy(&mut server.take(most), &mut client);
                return client.shutdown(std::net::Shutdown::Both).ok();
            }
        }
    }
}
