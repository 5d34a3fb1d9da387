//! For tests, to be run behind a link: `exchange CLIENTS BYTES`. Each client, from its own source address, connects and has so many bytes
//! sent back; a line each says how long either took, in nanoseconds.

use std::{
    io::{Read, Write, copy},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread::spawn,
};

use loadgen::output::print;
use protocol::clock::now_ns;
use socket2::{Domain, Socket, Type};

fn main() {
    let asked: Vec<u32> = std::env::args().skip(1).map(|number| number.parse().expect("CLIENTS BYTES")).collect();
    let [clients, bytes] = asked[..] else { panic!("CLIENTS BYTES") };
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let server = SocketAddr::new(Ipv4Addr::new(10, 99, 0, 2).into(), listener.local_addr().unwrap().port());
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            spawn(move || copy(&mut stream.try_clone().unwrap(), &mut stream));
        }
    });
    for client in 0..clients {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let source = Ipv4Addr::from_bits(Ipv4Addr::new(10, 98, 0, 1).to_bits() + client);
        socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
        let begun_ns = now_ns();
        socket.connect(&server.into()).unwrap();
        let connected_ns = now_ns();
        let mut stream = TcpStream::from(socket);
        let mut writer = stream.try_clone().unwrap();
        let writes = spawn(move || writer.write_all(&vec![7; bytes as usize]));
        stream.read_exact(&mut vec![0; bytes as usize]).unwrap();
        writes.join().unwrap().unwrap();
        print(&format!("{} {}", connected_ns - begun_ns, now_ns() - connected_ns)).unwrap();
    }
}
