//! Somebody who lies: says whatever they like over sockets of their own, under their own name and under those of others as
//! these become free. What the server drew for others, ids of calls and resume tokens, they know only if they were told.

use client_web::call::{Millis, Rng};
use protocol::{
    Answer, CallId, Candidate, ClientMessage, Leave, LeaveReason, Login, LoginReply, Offer, Ping,
    Raw, Ringing, ServerMessage, close::CloseCode,
};
use serde_json::json;

use crate::{
    event::{Event, News, UserId},
    relay::SocketId,
    schedule::NAMES,
    witness::{MARK, Person},
    world::World,
};

/// The liar's own name.
const OWN_NAME: &str = "mallory";

/// The peer connections of the liar have numbers from here on, which no page's have.
const FIRST_PC: u64 = 1_000_000_000;

/// How long the liar waits, in ms, before asking again for a name that is taken.
const ASKS_AGAIN: Millis = 150;

/// Something that the liar does. What exactly follows from the seed, and from what the liar has heard by then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lie {
    pub(crate) kind: LieKind,
    pub(crate) seed: u64,
}

/// What kind of thing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LieKind {
    /// Signs in under the liar's own name, as an honest user would.
    SignIn,
    /// Signs in under any name, with anything in the other fields.
    LogIn,
    /// Asks for this user's name until that is free, or until then.
    TakeName(UserId, Millis),
    /// Says what fits to what was heard last.
    Reply,
    /// Says anything.
    Say,
    /// Closes one of the sockets, in any way.
    Close,
}

/// What the liar has and knows.
#[derive(Default)]
pub(crate) struct Liar {
    /// The sockets that are open, the latest last.
    lines: Vec<Line>,
    /// All ids of calls that the liar has heard, and those it made up, the latest last.
    ids: Vec<CallId>,
    tokens: Vec<String>,
    /// How many things it has made up.
    made: u64,
}

/// A socket, and what was heard over it.
struct Line {
    socket: SocketId,
    /// The name in its login.
    wanted: String,
    /// Under which name it is logged in.
    name: Option<String>,
    /// The call that stood in its login.
    named: Option<(String, CallId)>,
    /// The call that somebody offers.
    rings: Option<(String, Option<CallId>)>,
}

impl Liar {
    fn new_id(&mut self) -> CallId {
        self.made += 1;
        let id = CallId::try_from(format!("guess-{}", self.made)).expect("it is short and plain");
        self.ids.push(id.clone());
        id
    }

    fn describe(&mut self, kind: &str) -> Raw {
        self.made += 1;
        let (pc, n) = (FIRST_PC + self.made, 1);
        let text =
            json!({ "type": kind, "sdp": "", "pc": pc, "n": n, "address": true, MARK: true });
        Raw::from_json(text.to_string()).expect("a JSON value is JSON")
    }

    fn has_asked_for(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.wanted == name)
    }
}

impl World {
    pub(crate) fn lie(&mut self, lie: Lie) {
        let mut rng = Rng::new(lie.seed);
        match lie.kind {
            LieKind::SignIn => {
                let login = Login { received: Some(0), attempt: Some(1), ..Login::default() };
                self.liar_logs_in(Login { name: OWN_NAME.to_owned(), ..login });
            }
            LieKind::LogIn => {
                let name = any_name(&mut rng);
                let login = self.any_login(&mut rng, name);
                self.liar_logs_in(login);
            }
            LieKind::TakeName(user, until) => self.take_name(lie, user, until),
            LieKind::Reply => self.liar_replies(&mut rng),
            LieKind::Say => self.liar_says_anything(&mut rng),
            LieKind::Close => {
                let lines = self.liar.lines.len() as u64;
                if lines > 0 {
                    let codes = [CloseCode::Normal, CloseCode::GoingAway, CloseCode::GivenUp];
                    let code = codes[rng.below(3) as usize];
                    self.liar_closes(rng.below(lines) as usize, code);
                }
            }
        }
    }

    fn take_name(&mut self, lie: Lie, user: UserId, until: Millis) {
        let name = NAMES[user];
        if self.now > until || self.liar.has_asked_for(name) {
            return;
        }
        let mut rng = Rng::new(lie.seed);
        let login = self.any_login(&mut rng, name.to_owned());
        self.liar_logs_in(login);
        self.queue.add(self.now + ASKS_AGAIN, Event::Lie(lie));
    }

    fn any_login(&mut self, rng: &mut Rng, name: String) -> Login {
        let names_a_call = rng.below(2) == 0;
        let peer = names_a_call.then(|| any_name(rng)).filter(|peer| *peer != name);
        let peer = if names_a_call { peer.or_else(|| other_name(&name)) } else { None };
        let tokens = &self.liar.tokens;
        let session = match rng.below(4) {
            0 if !tokens.is_empty() => {
                Some(tokens[rng.below(tokens.len() as u64) as usize].clone())
            }
            1 => Some(format!("{:032x}", rng.bits())),
            _ => None,
        };
        Login {
            name,
            session,
            received: (rng.below(6) > 0).then(|| rng.below(3)),
            anew: rng.below(3) == 0,
            attempt: (rng.below(4) > 0).then(|| [1, 2, 1 << 40][rng.below(3) as usize]),
            call: if names_a_call { self.any_id(rng) } else { None },
            peer,
            calling: rng.below(5) == 0,
            ..Login::default()
        }
    }

    fn liar_logs_in(&mut self, login: Login) {
        if self.relay.is_down(self.now) {
            return;
        }
        let socket = self.new_socket();
        self.server_accepts(Person::Liar, socket);
        let (wanted, named) = (login.name.clone(), login.peer.clone().zip(login.call.clone()));
        self.liar.lines.push(Line { socket, wanted, name: None, named, rings: None });
        self.carry_to_server(socket, text(&ClientMessage::Login(Box::new(login))));
    }

    /// An id that the liar knows, one that it makes up, or none.
    fn any_id(&mut self, rng: &mut Rng) -> Option<CallId> {
        let known = self.liar.ids.len() as u64;
        match rng.below(8) {
            0 => None,
            // Mostly one of the latest.
            1..=4 if known > 0 => {
                let back = rng.below(known.min(4)) as usize;
                self.liar.ids.iter().nth_back(back).cloned()
            }
            5 if known > 0 => self.liar.ids.get(rng.below(known) as usize).cloned(),
            _ => Some(self.liar.new_id()),
        }
    }

    fn any_line(&self, rng: &mut Rng) -> Option<usize> {
        let logged_in = |line: &&(usize, &Line)| line.1.name.is_some();
        let lines: Vec<_> = self.liar.lines.iter().enumerate().collect();
        let latest = lines.iter().rev().find(logged_in).map(|(line, _)| *line);
        match rng.below(4) {
            0 if !lines.is_empty() => Some(rng.below(lines.len() as u64) as usize),
            _ => latest,
        }
    }

    fn liar_says(&mut self, line: usize, message: &ClientMessage) {
        let socket = self.liar.lines[line].socket;
        self.carry_to_server(socket, text(message));
    }

    fn liar_replies(&mut self, rng: &mut Rng) {
        let Some(line) = self.any_line(rng) else { return };
        let Some((name, call)) = self.liar.lines[line].rings.clone() else { return };
        let name = Some(name);
        let message = match rng.below(4) {
            0 => ClientMessage::Ringing(Ringing { name, call }),
            1 => {
                let candidate = self.liar.describe("candidate");
                ClientMessage::Candidate(Candidate { name, candidate, call })
            }
            _ => {
                let answer = self.liar.describe("answer");
                ClientMessage::Answer(Answer { name, answer, call })
            }
        };
        self.liar_says(line, &message);
    }

    fn liar_says_anything(&mut self, rng: &mut Rng) {
        let Some(line) = self.any_line(rng) else { return };
        let own = self.liar.lines[line].name.clone();
        let name = match rng.below(3) {
            0 => Some(any_name(rng)),
            1 => None,
            _ => own.as_deref().and_then(other_name),
        };
        let call = self.any_id(rng);
        let message = match rng.below(16) {
            0..=6 => {
                let named = self.liar.lines[line].named.clone().filter(|_| rng.below(3) > 0);
                let (name, replaces) = match named {
                    Some((name, old)) => (name, Some(old)),
                    None => {
                        let replaces = if rng.below(2) == 0 { self.any_id(rng) } else { None };
                        (name.unwrap_or_else(|| any_name(rng)), replaces)
                    }
                };
                let call = if replaces.is_some() { Some(self.liar.new_id()) } else { call };
                let offer = self.liar.describe("offer");
                ClientMessage::Offer(Offer { name, offer, call, replaces })
            }
            7..=9 => {
                let reason = LeaveReason::ALL[rng.below(LeaveReason::ALL.len() as u64) as usize];
                ClientMessage::Leave(Leave { name, call, reason: Some(reason) })
            }
            10..=12 => {
                let answer = self.liar.describe("answer");
                ClientMessage::Answer(Answer { name, answer, call })
            }
            13 => {
                let candidate = self.liar.describe("candidate");
                ClientMessage::Candidate(Candidate { name, candidate, call })
            }
            14 => ClientMessage::Ringing(Ringing { name, call }),
            _ => ClientMessage::Ping(Ping { received: Some(rng.below(4)) }),
        };
        self.liar_says(line, &message);
    }

    fn liar_closes(&mut self, line: usize, code: CloseCode) {
        let line = self.liar.lines.remove(line);
        self.carry_to_server(line.socket, News::Closed(code.as_u16()));
    }

    /// The liar is done, and all its names are free.
    pub(crate) fn liar_goes(&mut self) {
        while !self.liar.lines.is_empty() {
            self.liar_closes(0, CloseCode::Normal);
        }
    }

    pub(crate) fn liar_hears(&mut self, socket: SocketId, news: News) {
        let Some(at) = self.liar.lines.iter().position(|line| line.socket == socket) else {
            return;
        };
        let message = match news {
            News::Text(text) => ServerMessage::decode(&text),
            News::Closed(_) => {
                self.liar.lines.remove(at);
                return;
            }
            News::Opened => return,
        };
        let line = &mut self.liar.lines[at];
        let call = match message {
            Ok(ServerMessage::Login(LoginReply::Welcome(welcome))) => {
                line.name = welcome.name;
                self.liar.tokens.extend(welcome.session);
                welcome.call
            }
            Ok(ServerMessage::Login(LoginReply::Refused { .. })) => {
                self.liar_closes(at, CloseCode::Normal);
                return;
            }
            Ok(ServerMessage::Offer(offer)) => {
                line.rings = Some((offer.name, offer.call.clone()));
                offer.call
            }
            Ok(ServerMessage::Leave(leave)) => {
                line.rings = None;
                leave.call
            }
            Ok(ServerMessage::Answer(answer)) => answer.call,
            _ => None,
        };
        self.liar.ids.extend(call);
    }
}

fn text(message: &ClientMessage) -> News {
    News::Text(message.encode())
}

fn any_name(rng: &mut Rng) -> String {
    let names = [NAMES[0], NAMES[1], NAMES[0], NAMES[1], OWN_NAME, "ALICE", "nobody"];
    names[rng.below(names.len() as u64) as usize].to_owned()
}

/// The other of the two in a call.
fn other_name(name: &str) -> Option<String> {
    [NAMES[0], NAMES[1]].into_iter().find(|other| *other != name).map(str::to_owned)
}
