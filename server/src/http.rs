//! HTTP/1.1 on one connection: routes.

use std::{
    convert::Infallible,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{AUTHORIZATION, CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::{
    Engine, Transport, clock,
    results::Stream,
    wire::{
        ECHO_PATH, HEALTH_PATH, Health, LAST_EVENT_ID, METRICS_PATH, POLL_PATH, Refusal, SEND_PATH, SSE_PATH,
        StreamQuery, WS_PATH,
    },
};
use tokio::net::TcpStream;
use tracing::debug;

use crate::{
    allocator::Allocator,
    connection::{access, listener::Slot, socket::Socket, tls::Tls},
    metrics::{self, Bound, Logged},
    page::Page,
    response::{JSON, json, refuse, respond},
    signal,
    stream::{hold::Hold, hub::Hub, topic::Topic},
    transports::{
        self, Reply,
        context::{ConnectedClient, Context},
        echo,
        long_poll::lean::{self, Left},
        sse::{self, Events},
    },
};

/// What a connection needs besides the stream.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) context: Arc<Context>,
    /// What is published into, whatever clients are shown of it.
    pub(crate) hub: Arc<Hub>,
    pub(crate) stream: Stream,
    pub(crate) topics: Option<u32>,
    pub(crate) tls: Option<Tls>,
    /// Present with `--page`.
    pub(crate) page: Option<Arc<Page>>,
}

impl Http {
    /// What requests for the stream are held by.
    fn hold(&self) -> Option<&Hold> {
        self.page.as_ref().and_then(|page| page.hold())
    }
}

/// Serves one connection to its end, or to its upgrade.
pub(crate) async fn serve(http: Arc<Http>, stream: TcpStream, mut slot: Slot) {
    slot.watched = http.page.as_ref().map(|page| page.watch.connection(slot.number));
    let slot = Arc::new(slot);
    // Boxed: seldom asked for, and soon over.
    let Some(mut socket) = Box::pin(socket(&http, stream, &slot)).await else { return };
    let mut requests = 0;
    // The short way knows of no hold.
    if http.context.engine == Engine::Lean && http.hold().is_none() {
        match lean::serve(&http.context, &mut socket, &slot).await {
            Ok(Left::Request { bytes, asked }) => {
                socket.unread(bytes);
                requests = asked;
            }
            Ok(Left::Events { subscription, user }) => {
                match sse::serve(&http.context, &mut socket, &slot, subscription, user.as_deref()).await {
                    Ok(()) => socket.farewell(),
                    Err(error) => debug!(%error, "events ended"),
                }
                return;
            }
            Ok(Left::Closed) => return socket.farewell(),
            Err(error) => return debug!(%error, "connection ended"),
        }
    }
    // Boxed: its room would else be part of every connection that only polls.
    Box::pin(serve_any(http, socket, slot, requests)).await;
}

/// The connection as it is served: under TLS if that was asked for. Nothing if the client does not come to it in time.
async fn socket(http: &Http, stream: TcpStream, slot: &Slot) -> Option<Socket> {
    let Context { metrics, bounds, draining, .. } = &*http.context;
    let tally = Arc::clone(slot.watched.as_ref().map_or(&metrics.tally, |watched| &watched.tally));
    let Some(tls) = &http.tls else { return Some(Socket::new(stream, tally)) };
    let handshake = tokio::time::timeout(bounds.header_timeout, Socket::accept(stream, tally, &tls.acceptor));
    let error = tokio::select! {
        accepted = handshake => match accepted {
            Ok(Ok(socket)) => {
                metrics.tls_handshakes.inc();
                return Some(socket);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                metrics.met.inc(Bound::HeaderTimeout);
                "it took too long".to_owned()
            }
        },
        () = draining.cancelled() => "the server is shutting down".to_owned(),
    };
    metrics.tls_handshake_failures.inc();
    debug!(%error, "no TLS: does the client speak plain HTTP?");
    None
}

async fn serve_any(http: Arc<Http>, socket: Socket, slot: Arc<Slot>, requests: u32) {
    let Context { bounds, metrics, .. } = &*http.context;
    let requests = AtomicU32::new(requests);
    // Counted as a long-polling client from its first poll on.
    let polling = OnceLock::new();
    let service = service_fn(|request: Request<Incoming>| {
        let origin = http.context.access.origin(request.headers());
        let is_poll = request.uri().path() == POLL_PATH;
        let hold = http.hold().filter(|_| is_stream(request.uri().path()));
        let reply = match &origin {
            Err(refusal) => Err(refusal.clone()),
            Ok(Some(_)) if request.method() == Method::OPTIONS => preflight(&http, &request),
            Ok(_) => route(&http, &slot, &polling, request),
        };
        let (http, last) = (&http, requests.fetch_add(1, Relaxed) + 1 >= bounds.max_requests);
        let watched = slot.watched.as_ref().filter(|_| is_poll);
        async move {
            if let Some(hold) = hold {
                // Boxed: none is held but in a race, and its room would else be part of every parked poll.
                Box::pin(hold.one_way()).await;
            }
            let response = match reply {
                Ok(Reply::Now(response)) => Ok(response.map(whole)),
                Ok(Reply::Parked(poll)) => poll.answer().await.map(|response| response.map(whole)),
                Ok(Reply::Endless(response)) => Ok(response.map(Either::Right)),
                // Boxed: seldom, and its room would else be part of every parked poll.
                Ok(Reply::Signalled(topic, body)) => {
                    Box::pin(acknowledge(http, topic, body)).await.map(|response| response.map(whole))
                }
                Err(refusal) => Err(refusal),
            };
            if let Some(hold) = hold {
                Box::pin(hold.one_way()).await;
            }
            watched.inspect(|watched| watched.answered());
            let mut response = response.unwrap_or_else(|refusal| refuse(&refusal).map(whole));
            if let Ok(Some(origin)) = origin {
                access::allow(&mut response, origin);
            }
            if last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                metrics.met.inc(Bound::Requests);
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_timeout)
        .max_buf_size(bounds.max_head as usize)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = http.context.draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        bound_of(&error).into_iter().for_each(|bound| metrics.met.inc(bound));
        debug!(%error, "connection ended");
    }
}

fn whole(body: Bytes) -> Either<Full<Bytes>, Events> {
    Either::Left(Full::new(body))
}

/// The bound that a request met before it was one.
fn bound_of(error: &hyper::Error) -> Option<Bound> {
    if error.is_parse_too_large() {
        return Some(Bound::Head);
    }
    error.is_timeout().then_some(Bound::HeaderTimeout)
}

/// Whether the stream is had there.
fn is_stream(path: &str) -> bool {
    [WS_PATH, POLL_PATH, SSE_PATH].contains(&path)
}

fn route(
    http: &Http,
    slot: &Arc<Slot>,
    polling: &OnceLock<ConnectedClient>,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    let context = &http.context;
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    if target.len() > context.bounds.max_target as usize {
        context.metrics.met.inc(Bound::Target);
        return Err(Refusal::TargetTooLong { message: format!("{} bytes: see --max-target", target.len()) });
    }
    let (path, query) = (request.uri().path(), request.uri().query());
    let authorization = request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let page = http.page.as_ref();
    let is_open = path == HEALTH_PATH || page.is_some() && Page::is_open(path);
    if let Some(watched) = &slot.watched
        && !is_stream(path)
    {
        watched.asked(None);
    }
    if !is_open && !context.access.admits(query, authorization) {
        return Err(Refusal::Unauthorised {
            message: "show the token: ?token=.. or Authorization: Bearer ..".to_owned(),
        });
    }
    if let Some(answer) = page.and_then(|page| page.answer(request.method(), path, query, request.headers())) {
        return answer.map(Reply::Now);
    }
    match (request.method(), path) {
        (&Method::GET, WS_PATH) => {
            let query = StreamQuery::parse(query)?;
            transports::open(Transport::WebSocket, context, slot, &query, request)
        }
        (&Method::GET, POLL_PATH) => {
            let query = StreamQuery::parse(query)?;
            let user = query.user.as_deref();
            polling.get_or_init(|| ConnectedClient::new(&context.metrics, Transport::LongPoll, user, slot));
            transports::open(Transport::LongPoll, context, slot, &query, request)
        }
        (&Method::GET, SSE_PATH) => {
            let last = request.headers().get(LAST_EVENT_ID).map(HeaderValue::as_bytes);
            let query = StreamQuery::parse(query)?.resumed(last)?;
            transports::open(Transport::Sse, context, slot, &query, request)
        }
        (&Method::POST, SEND_PATH) => {
            let query = StreamQuery::parse(query)?;
            Ok(Reply::Signalled(context.topic(&http.hub, &query)?, request.into_body()))
        }
        (&Method::GET, ECHO_PATH) => echo::open(context, slot, request).map(Reply::Now),
        (&Method::GET | &Method::HEAD, METRICS_PATH) => {
            page.inspect(|page| page.watch.settle());
            let text = context.metrics.encode(logged(&http.hub));
            Ok(Reply::Now(respond(StatusCode::OK, metrics::CONTENT_TYPE, text)))
        }
        (&Method::GET | &Method::HEAD, HEALTH_PATH) => Ok(Reply::Now(json(StatusCode::OK, &health(http)))),
        (_, path) => Err(Refusal::MethodNotAllowed { message: methods(path)?.to_owned() }),
    }
}

fn logged(hub: &Hub) -> Logged {
    Logged {
        updates: hub.updates(),
        topics: hub.topics(),
        batches_cut: hub.batches_cut(),
        crowded_out: hub.crowded_out(),
    }
}

/// What a path may be asked.
fn methods(path: &str) -> Result<&'static str, Refusal> {
    match path {
        WS_PATH | POLL_PATH | SSE_PATH | ECHO_PATH => Ok("GET"),
        SEND_PATH => Ok("POST"),
        METRICS_PATH | HEALTH_PATH => Ok("GET, HEAD"),
        _ => Err(Refusal::NotFound {
            message: format!(
                "no {path}: there are {WS_PATH}, {POLL_PATH}, {SSE_PATH}, {SEND_PATH}, {ECHO_PATH}, {METRICS_PATH}, {HEALTH_PATH}"
            ),
        }),
    }
}

/// What a browser is told that asks on behalf of a page. It does so without the token.
fn preflight(http: &Http, request: &Request<Incoming>) -> Result<Reply, Refusal> {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).body(Bytes::new()).expect("a valid response");
    let path = request.uri().path();
    let of_page = http.page.as_ref().and_then(|page| page.methods(path));
    access::preflight(&mut response, of_page.map_or_else(|| methods(path), Ok)?);
    Ok(Reply::Now(response))
}

async fn acknowledge(http: &Http, topic: Arc<Topic>, body: Incoming) -> Result<Response<Bytes>, Refusal> {
    let Context { bounds, metrics, spoken, .. } = &*http.context;
    let body = signal::body(body, bounds, metrics).await?;
    let ack = signal::acknowledge(metrics, spoken.as_deref(), &topic, &body);
    let ack = ack.map_err(|error| Refusal::BadSignal { message: error.to_string() })?;
    Ok(respond(StatusCode::OK, JSON, ack + "\n"))
}

fn health(http: &Http) -> Health {
    Health {
        status: "ok".to_owned(),
        server: Health::SERVER.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        clock: clock::identity(),
        allocator: Allocator::of_this_process().name().to_owned(),
        stream: http.stream.clone(),
        topics: http.topics,
        tls: http.tls.is_some(),
        engine: Some(http.context.engine),
        faults: http.context.faults.iter().map(ToString::to_string).collect(),
    }
}
