//! What the tutorial's server knows, and how it answers.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// A connection, by its number.
pub(super) type Id = u64;

/// The server stops for good, as on a `null` that it takes for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crash;

/// Everybody who is connected.
#[derive(Debug, Default)]
pub(super) struct World {
    connections: HashMap<Id, Connection>,
    users: HashMap<String, Id>,
}

#[derive(Debug)]
struct Connection {
    texts: UnboundedSender<String>,
    name: Option<String>,
    partner: Option<String>,
}

impl World {
    pub(super) fn open(&mut self, id: Id, texts: UnboundedSender<String>) {
        // It greets in no language that its own page understands.
        let _ = texts.send("Hello world".to_owned());
        self.connections.insert(id, Connection { texts, name: None, partner: None });
    }

    pub(super) fn close(&mut self, id: Id) -> Result<(), Crash> {
        let Some(Connection { name: Some(name), partner, .. }) = self.connections.remove(&id)
        else {
            return Ok(());
        };
        self.users.remove(&name);
        match partner {
            Some(partner) => self.dismiss(&partner),
            None => Ok(()),
        }
    }

    pub(super) fn take(&mut self, id: Id, text: &str) -> Result<(), Crash> {
        let mut message = match serde_json::from_str(text) {
            Ok(Value::Null) => return Err(Crash),
            Ok(Value::Object(message)) => message,
            Ok(_) | Err(_) => Map::new(),
        };
        let kind = message.get("type").and_then(Value::as_str).unwrap_or("undefined").to_owned();
        let name = message.get("name").and_then(Value::as_str).unwrap_or("undefined").to_owned();
        match kind.as_str() {
            "login" => self.log_in(id, name),
            "offer" => {
                let offer = message.remove("offer");
                let sender =
                    self.connections.get(&id).and_then(|connection| connection.name.clone());
                if self.pair(id, &name) {
                    self.send_to(&name, json!({ "type": kind, "offer": offer, "name": sender }));
                }
            }
            "answer" => {
                let answer = message.remove("answer");
                if self.pair(id, &name) {
                    self.send_to(&name, json!({ "type": kind, "answer": answer }));
                }
            }
            "candidate" => {
                let candidate = message.remove("candidate");
                self.send_to(&name, json!({ "type": kind, "candidate": candidate }));
            }
            "leave" => self.dismiss(&name)?,
            _ => {
                let message = format!("Command not found: {kind}");
                self.send(id, &json!({ "type": "error", "message": message }));
            }
        }
        Ok(())
    }

    fn log_in(&mut self, id: Id, name: String) {
        let success = !self.users.contains_key(&name);
        if success {
            self.users.insert(name.clone(), id);
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.name = Some(name);
            }
        }
        self.send(id, &json!({ "type": "login", "success": success }));
    }

    /// Notes whom this connection talks to; false if there is no such user.
    fn pair(&mut self, id: Id, name: &str) -> bool {
        if !self.users.contains_key(name) {
            return false;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.partner = Some(name.to_owned());
        }
        true
    }

    /// Tells a user that the other has left. That there may be no such user was not thought of.
    fn dismiss(&mut self, name: &str) -> Result<(), Crash> {
        let id = *self.users.get(name).ok_or(Crash)?;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.partner = None;
        }
        self.send(id, &json!({ "type": "leave" }));
        Ok(())
    }

    fn send_to(&self, name: &str, message: Value) {
        if let Some(id) = self.users.get(name) {
            self.send(*id, &message);
        }
    }

    fn send(&self, id: Id, message: &Value) {
        if let Some(connection) = self.connections.get(&id) {
            // Who has gone does not read it.
            let _ = connection.texts.send(message.to_string());
        }
    }
}
