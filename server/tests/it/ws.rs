//! WebSocket by hand (RFC 6455): the opening handshake, and frames as they lie on the wire.

use std::net::{SocketAddr, TcpStream};

use crate::http::{Answer, Connection};

/// The sample key of RFC 6455, section 1.3, and the answer that it must get.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

/// An upgraded connection.
pub(crate) struct Socket {
    pub(crate) connection: Connection,
    pub(crate) handshake: Answer,
}

/// A frame as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Flags and opcode; the mask bit and length as they were encoded.
    pub(crate) head: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

/// The opening handshake for a target.
pub(crate) fn upgrade(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// A client's frame.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK_BIT: u8 = 0x80;
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![opcode];
    match payload.len() {
        length @ 0..=125 => frame.push(MASK_BIT + length as u8),
        length @ 126..=0xffff => {
            frame.push(MASK_BIT + 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(MASK_BIT + 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

impl Socket {
    /// Upgrades, or gives the refusal.
    pub(crate) fn open(address: SocketAddr, target: &str) -> Result<Self, Answer> {
        Self::over(TcpStream::connect(address).unwrap(), target)
    }

    pub(crate) fn over(stream: TcpStream, target: &str) -> Result<Self, Answer> {
        Self::upgraded(Connection::over(stream), &upgrade(target))
    }

    pub(crate) fn upgraded(mut connection: Connection, handshake: &str) -> Result<Self, Answer> {
        connection.send(handshake);
        let handshake = connection.answer();
        if handshake.status == 101 { Ok(Self { connection, handshake }) } else { Err(handshake) }
    }

    /// The next frame, which must not be masked and must not be longer encoded than needed.
    pub(crate) fn frame(&mut self) -> Frame {
        let mut head = self.connection.take(2);
        let (more, least) = match head[1] {
            0..=125 => (0, 0),
            126 => (2, 126),
            127 => (8, 0x1_0000),
            masked => panic!("a server's frame is masked: {masked:#x}"),
        };
        head.extend(self.connection.take(more));
        let length = match more {
            0 => u64::from(head[1]),
            _ => head[2..].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        assert!(length >= least, "{length} bytes are encoded longer than needed: {head:?}");
        let payload = self.connection.take(length as usize);
        Frame { head, payload }
    }

    /// The next update; anything else is an error.
    pub(crate) fn line(&mut self) -> String {
        let frame = self.frame();
        assert_eq!(frame.head[0], TEXT, "{frame:?}");
        String::from_utf8(frame.payload).unwrap()
    }
}

impl Frame {
    /// The status code of a Close.
    pub(crate) fn close_code(&self) -> u16 {
        assert_eq!(self.head[0], CLOSE, "{self:?}");
        u16::from_be_bytes(self.payload[..2].try_into().unwrap())
    }
}
