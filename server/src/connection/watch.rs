//! Which pages are open, what their connections cost, and how the server came to know that one was closed: for `--page` only.
//!
//! A browser has its connections in common for all that it asks: which page and which transport bytes belong to follows
//! from the requests. What was read since the last one is the new one's, what was written the last one's.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use protocol::{Transport, clock::now_ns};

use crate::metrics::Tally;

/// As many pages are remembered; of more, the one that was silent for the longest is forgotten.
const PAGES_MAX: usize = 64;
/// As many events are.
const EVENTS_MAX: usize = 50;

/// Whoever hears of an event as it happens.
pub type Tell = fn(&str);

/// All that is watched.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The server's own, which has all bytes but those that were not moved there yet: [`Watch::settle`].
    whole: Arc<Tally>,
    tell: Tell,
    watched: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    connections: BTreeMap<u64, Connection>,
    pages: BTreeMap<String, Page>,
    events: VecDeque<Event>,
    said: u64,
}

#[derive(Debug)]
struct Connection {
    tally: Arc<Tally>,
    owner: Option<(String, Transport)>,
    /// Whether its owner waits for something on it: a poll its answer, a stream always.
    in_use: bool,
    said_close: bool,
}

#[derive(Debug)]
struct Page {
    heard_ns: u64,
    left_ns: Option<u64>,
    lanes: [Lane; Transport::SERVED.len()],
}

/// What a page's share of a transport has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Lane {
    pub(crate) requests: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// Something that happened to a page.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Its number, from 1.
    pub(crate) number: u64,
    pub(crate) at_ns: u64,
    pub(crate) text: String,
}

/// A connection that is watched for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watched {
    watch: Arc<Watch>,
    number: u64,
    /// Its own.
    pub(crate) tally: Arc<Tally>,
}

impl Watch {
    /// Nothing yet; bytes end up in `whole`.
    pub(crate) fn new(whole: &Arc<Tally>, tell: Tell) -> Arc<Self> {
        Arc::new(Self { whole: Arc::clone(whole), tell, watched: Mutex::default() })
    }

    /// A connection, with a tally of its own.
    pub(crate) fn connection(self: &Arc<Self>, number: u64) -> Watched {
        let tally = Arc::<Tally>::default();
        let connection = Connection { tally: Arc::clone(&tally), owner: None, in_use: false, said_close: false };
        self.inner().connections.insert(number, connection);
        Watched { watch: Arc::clone(self), number, tally }
    }

    /// Brings every count up to now.
    pub(crate) fn settle(&self) {
        let mut inner = self.inner();
        let Inner { connections, pages, .. } = &mut *inner;
        connections.values().for_each(|connection| self.move_bytes(connection, connection.owner.as_ref(), pages));
    }

    /// Notes that a page is there, and gives what each of its lanes has cost, by [`Transport`].
    pub(crate) fn heard(&self, page: &str) -> [Lane; Transport::SERVED.len()] {
        self.settle();
        let mut inner = self.inner();
        let known = inner.page(page, self.tell);
        let (is_back, lanes) = (known.left_ns.take().is_some(), known.lanes);
        if is_back {
            inner.say(self.tell, format!("{page} is back"));
        }
        lanes
    }

    /// Notes that a page says it is closing.
    pub(crate) fn goodbye(&self, page: &str) {
        let mut inner = self.inner();
        if let Some(known) = inner.pages.get_mut(page) {
            known.left_ns = Some(now_ns());
            inner.say(self.tell, format!("{page} says that it is closing"));
        }
    }

    /// The pages that are open, as far as is known, and what happened of late, oldest first.
    pub(crate) fn seen(&self) -> (usize, Vec<Event>) {
        let inner = self.inner();
        let open = inner.pages.keys().filter(|page| inner.is_open(page)).count();
        (open, inner.events.iter().cloned().collect())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What was written is the owner's, what was read the reader's.
    fn move_bytes(
        &self,
        connection: &Connection,
        reader: Option<&(String, Transport)>,
        pages: &mut BTreeMap<String, Page>,
    ) {
        let take = |count: fn(&Tally) -> &AtomicU64| {
            let bytes = count(&connection.tally).swap(0, Relaxed);
            count(&self.whole).fetch_add(bytes, Relaxed);
            bytes
        };
        for count in [|tally: &Tally| &tally.reads, |tally| &tally.writes, |tally| &tally.full] as [fn(&Tally) -> &_; 3]
        {
            take(count);
        }
        let (read, written) = (take(|tally| &tally.bytes_in), take(|tally| &tally.bytes_out));
        let mut lane = |owner: Option<&(String, Transport)>, add: &dyn Fn(&mut Lane)| {
            if let Some((page, transport)) = owner
                && let Some(page) = pages.get_mut(page)
            {
                add(&mut page.lanes[*transport as usize]);
            }
        };
        lane(reader, &|lane| lane.bytes_in += read);
        lane(connection.owner.as_ref(), &|lane| lane.bytes_out += written);
    }
}

impl Inner {
    /// The page of that name, which has said something just now.
    fn page(&mut self, page: &str, tell: Tell) -> &mut Page {
        let now_ns = now_ns();
        if !self.pages.contains_key(page) {
            self.say(tell, format!("{page} came"));
        }
        if self.pages.len() >= PAGES_MAX && !self.pages.contains_key(page) {
            let silent = self.pages.iter().min_by_key(|(_, page)| page.heard_ns).map(|(name, _)| name.clone());
            if let Some(name) = silent {
                self.pages.remove(&name);
            }
        }
        let new = || Page { heard_ns: now_ns, left_ns: None, lanes: Default::default() };
        let page = self.pages.entry(page.to_owned()).or_insert_with(new);
        page.heard_ns = now_ns;
        page
    }

    /// A page is open while a connection is held for it; between two polls it has said nothing else.
    fn is_open(&self, page: &str) -> bool {
        self.connections.values().any(|each| each.owner.as_ref().is_some_and(|(owner, _)| owner == page && each.in_use))
    }

    fn say(&mut self, tell: Tell, text: String) {
        tell(&text);
        self.said += 1;
        self.events.push_back(Event { number: self.said, at_ns: now_ns(), text });
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
    }
}

impl Watched {
    /// A request for the stream came from a page, or (`None`) any other request.
    pub(crate) fn asked(&self, owner: Option<(&str, Transport)>) {
        let owner = owner.map(|(page, transport)| (page.to_owned(), transport));
        let mut inner = self.watch.inner();
        if let Some((page, transport)) = &owner {
            inner.page(page, self.watch.tell).lanes[*transport as usize].requests += 1;
        }
        let Inner { connections, pages, .. } = &mut *inner;
        if let Some(connection) = connections.get_mut(&self.number) {
            self.watch.move_bytes(connection, owner.as_ref(), pages);
            connection.in_use = owner.is_some();
            connection.owner = owner;
        }
    }

    /// The request has its answer: nobody waits on the connection any more.
    pub(crate) fn answered(&self) {
        self.change(|connection| connection.in_use = false);
    }

    /// The client has said by a Close frame that it ends.
    pub(crate) fn said_close(&self) {
        self.change(|connection| connection.said_close = true);
    }

    fn change(&self, change: impl Fn(&mut Connection)) {
        self.watch.inner().connections.get_mut(&self.number).into_iter().for_each(change);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut inner = self.watch.inner();
        let Some(connection) = inner.connections.remove(&self.number) else { return };
        self.watch.move_bytes(&connection, connection.owner.as_ref(), &mut inner.pages);
        let how = how_it_ended(&connection);
        let Some((name, transport)) = connection.owner.filter(|_| connection.in_use) else { return };
        let Some(page) = inner.pages.get(&name) else { return };
        let since = |ns: u64| Duration::from_nanos(now_ns().saturating_sub(ns)).as_secs_f64() * 1e3;
        let after = match page.left_ns {
            Some(left_ns) => format!("{:.1} ms after it said that it closes", since(left_ns)),
            None => format!("{:.1} ms after the page was last heard of", since(page.heard_ns)),
        };
        inner.say(self.watch.tell, format!("{name}: {} ended: {how}, {after}", transport.title()));
    }
}

/// How the server came to know.
fn how_it_ended(Connection { tally, said_close, .. }: &Connection) -> &'static str {
    let met = |count: &AtomicU64| count.load(Relaxed) > 0;
    if *said_close {
        "by a Close frame"
    } else if met(&tally.reset) {
        "its connection was reset (RST)"
    } else if met(&tally.timed_out) {
        "TCP gave its connection up, for nothing was acknowledged (time-out)"
    } else if met(&tally.notified) {
        "it said under TLS that it ends (close_notify)"
    } else if met(&tally.finished) {
        "its connection was closed (FIN)"
    } else {
        "the server ended its connection"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(watch: &Watch, page: &str, transport: Transport) -> Lane {
        watch.heard(page)[transport as usize]
    }

    #[test]
    fn bytes_are_whose_request_it_is_and_all_are_the_servers() {
        let whole = Arc::<Tally>::default();
        let watch = Watch::new(&whole, |_| {});
        let connection = watch.connection(1);
        let pass = |read: usize, written: usize| {
            connection.tally.read(&Ok(()), read);
            connection.tally.wrote(&Ok(written), written);
        };
        connection.tally.read(&Ok(()), 10);
        connection.asked(Some(("a", Transport::LongPoll)));
        connection.tally.wrote(&Ok(100), 100);
        connection.answered();
        connection.tally.read(&Ok(()), 7);
        connection.asked(None);
        pass(0, 1_000);
        connection.tally.read(&Ok(()), 20);
        connection.asked(Some(("b", Transport::WebSocket)));
        pass(3, 200);
        let polled = Lane { requests: 1, bytes_in: 10, bytes_out: 100 };
        assert_eq!(lane(&watch, "a", Transport::LongPoll), polled);
        assert_eq!(lane(&watch, "b", Transport::WebSocket), Lane { requests: 1, bytes_in: 23, bytes_out: 200 });
        assert_eq!(lane(&watch, "b", Transport::LongPoll), Lane::default());
        assert_eq!((whole.bytes_in.load(Relaxed), whole.bytes_out.load(Relaxed)), (40, 1_300));
    }

    #[test]
    fn an_end_is_told_with_how_it_was_noticed_unless_nobody_waited() {
        let watch = Watch::new(&Arc::default(), |_| {});
        let told = || watch.seen().1.last().map(|event| event.text.clone()).unwrap_or_default();
        let ending = |transport, end: &dyn Fn(&Watched)| {
            let connection = watch.connection(1);
            connection.asked(Some(("p", transport)));
            assert_eq!(watch.seen().0, 1);
            end(&connection);
            drop(connection);
            assert_eq!(watch.seen().0, 0);
            told()
        };
        let reset = Err(std::io::ErrorKind::ConnectionReset.into());
        for (text, how) in [
            (ending(Transport::WebSocket, &Watched::said_close), "WebSocket ended: by a Close frame, "),
            (ending(Transport::LongPoll, &|it| it.tally.read(&Ok(()), 0)), "(FIN)"),
            (ending(Transport::LongPoll, &|it| it.tally.read(&reset, 0)), "(RST)"),
            (
                ending(Transport::LongPoll, &|it| it.tally.notified.store(1, Relaxed)),
                "it said under TLS that it ends (close_notify)",
            ),
            (ending(Transport::LongPoll, &|_| {}), "the server ended its connection"),
        ] {
            assert!(text.contains(how) && text.ends_with("after the page was last heard of"), "{text}");
        }
        watch.goodbye("p");
        let last = ending(Transport::LongPoll, &|it| it.tally.read(&Ok(()), 0));
        assert!(last.ends_with("ms after it said that it closes"), "a last poll is no return: {last}");
        watch.heard("p");
        assert_eq!(told(), "p is back");
        let before = watch.seen().1.len();
        ending(Transport::LongPoll, &Watched::answered);
        assert_eq!(watch.seen().1.len(), before, "nobody waited");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let watch = Watch::new(&Arc::default(), |_| {});
        for number in 0..200 {
            watch.heard(&format!("page {number}"));
        }
        assert_eq!(watch.inner().pages.len(), PAGES_MAX);
        assert_eq!(watch.seen().1.len(), EVENTS_MAX);
    }
}
