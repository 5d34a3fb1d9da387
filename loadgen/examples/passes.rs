//! A proxy for tests, `passes .. FILE`, where FILE says LISTEN UPSTREAM: what comes on a connection goes to one of its own to the server,
//! and back. Whatever it is called as, it takes the place of.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let file = std::env::args().next_back().expect("FILE");
    let said = std::fs::read_to_string(file).unwrap();
    let [listen, upstream] = said.split_whitespace().collect::<Vec<_>>()[..] else { panic!("LISTEN UPSTREAM: {said}") };
    let upstream: std::net::SocketAddr = upstream.parse().unwrap();
    let listener = TcpListener::bind(listen).await.unwrap();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut server = TcpStream::connect(upstream).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
