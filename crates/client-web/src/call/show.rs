//! State → view.

use super::{
    Active, Call, Client, Controls, Device, Environment, IncomingView, Link, Message, Millis,
    NoticeView, Page, PhaseView, RemoteView, Ring, Text, View, account::Right, active::Path,
    incoming, outgoing,
};

impl Client {
    /// What is to be shown at `now`.
    #[must_use]
    pub fn view(&self, now: Millis) -> View {
        let page = self.page();
        // Said at the dial or at the switch, and no longer than it is so.
        let is_so = |text: &Text| *text != Text::HiddenNoRelay || self.hides_in_vain();
        let callee_error = self.callee_error.filter(is_so);
        View {
            page,
            phase: self.phase(),
            status: self.status(),
            title: self.title(),
            signing_in: matches!(
                self.link,
                Link::Proving(..) | Link::Opening(..) | Link::LoggingIn(..)
            ),
            sign_in_error: self.sign_in_error.filter(|text| self.is_beside_field(*text)),
            sign_in_notice: self
                .sign_in_error
                .filter(|text| !self.is_beside_field(*text))
                .or_else(|| self.insecure()),
            refused_for: self.refused_for.map(u64::from),
            entry: self.account.entry(),
            providers: self.account.providers().to_vec(),
            late: self.account.late,
            account: self.account.note(),
            can_check: self.account.takes_guests(),
            self_name: self.link.name().map(ToOwned::to_owned),
            self_note: self.account.note_of_self(),
            server_trouble: self.server_trouble(now),
            can_retry: matches!(self.link, Link::Waiting(..)),
            can_call: self.link.is_up() && !self.offline && matches!(self.call, Call::Idle),
            callee_error,
            bad_character: self.bad_character,
            hides_in_vain: callee_error.is_none() && self.hides_in_vain(),
            notice: self.notice_view(),
            missed: self.missed_calls().to_vec(),
            blocked: self.blocked.clone(),
            incoming: self.incoming_view(),
            remote: self.remote_view(),
            own_picture: self.devices.camera,
            preview: self.may_look_at_oneself()
                && (self.devices.camera || !self.devices.pending.is_empty()),
            corner: self.corner,
            controls: self.controls(),
            duration: self.duration(now),
            ring: self.what_rings(),
        }
    }

    /// When the view changes by the mere passing of time, after `now`.
    #[must_use]
    pub fn next_view_change(&self, now: Millis) -> Option<Millis> {
        if let Link::Waiting(_, until) = &self.link {
            let left = until.saturating_sub(now);
            return Some(now + (left.saturating_sub(1) % 1_000) + 1);
        }
        let since = self.call_since()?;
        Some(now + 1_000 - now.saturating_sub(since) % 1_000)
    }

    /// Whether a call was accepted and is not there yet: there is no path, or camera and microphone are being opened.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        matches!(&self.call, Call::Active(active)
            if active.path.since().is_none() || self.devices.are_opening())
    }

    /// That there will be no camera and no microphone on this page, whoever it is that asks.
    pub(super) fn insecure(&self) -> Option<Text> {
        (self.environment == Environment::Insecure).then_some(Text::InsecureContext)
    }

    /// Whether what is said to who signs in stands beside the field for the name.
    fn is_beside_field(&self, text: Text) -> bool {
        text.is_of_the_name() && self.account.entry().asks_for_name()
    }

    fn page(&self) -> Page {
        match (self.environment, self.link.name()) {
            (Environment::NoWebRtc, _) => Page::Unsupported,
            (_, None) => Page::Login,
            (_, Some(_)) => Page::Call,
        }
    }

    /// Where the user is with a call.
    #[must_use]
    pub fn phase(&self) -> PhaseView {
        match &self.call {
            Call::Idle => PhaseView::Idle,
            Call::Returning(_) => PhaseView::Reconnecting,
            Call::Outgoing(_) if self.is_rejoining() => PhaseView::Reconnecting,
            Call::Outgoing(_) => PhaseView::Calling,
            Call::Incoming(_) => PhaseView::Ringing,
            Call::Active(active) => match active.path {
                Path::Connecting { .. } => PhaseView::Connecting,
                Path::Connected { .. } if active.peer_away => PhaseView::Reconnecting,
                Path::Connected { .. } => PhaseView::InCall,
                Path::Broken { .. } => PhaseView::Reconnecting,
            },
        }
    }

    fn status(&self) -> Message {
        match &self.call {
            Call::Idle if self.offline && self.link.name().is_some() => {
                Message::plain(Text::DeviceOffline)
            }
            Call::Idle => match &self.link {
                // Mostly all is well again before anybody has heard that it was not.
                Link::Waiting(attempt, _)
                | Link::Proving(attempt, _)
                | Link::Opening(attempt, _)
                | Link::LoggingIn(attempt, _)
                    if attempt.is_quiet() =>
                {
                    Message::about(Text::Ready, attempt.name())
                }
                // It is there, and lets nobody in yet.
                Link::Waiting(attempt, _) if !attempt.is_unheard() => {
                    Message::plain(Text::SigningIn)
                }
                Link::Waiting(..) => Message::plain(Text::ServerAway),
                Link::Closed => Message::plain(Text::SignedOut),
                Link::Proving(..) | Link::Opening(..) => Message::plain(Text::ConnectingServer),
                Link::LoggingIn(..) => Message::plain(Text::SigningIn),
                Link::Up(session) => Message::about(Text::Ready, &session.name),
            },
            Call::Outgoing(outgoing) => match outgoing.stage {
                outgoing::Stage::Media => Message::plain(Text::OpeningMedia),
                _ if self.is_rejoining() => Message::about(Text::Rejoining, &outgoing.peer),
                outgoing::Stage::Sent { ringing: true, .. } => {
                    Message::about(Text::RingingThere, &outgoing.peer)
                }
                _ => Message::about(Text::Calling, &outgoing.peer),
            },
            Call::Incoming(incoming) => match incoming.stage {
                incoming::Ring::Asking(_) => Message::about(Text::Incoming, &incoming.peer),
                incoming::Ring::Media => Message::plain(Text::OpeningMedia),
                incoming::Ring::Ready(_) => Message::about(Text::Connecting, &incoming.peer),
            },
            Call::Active(active) => active_status(active),
            Call::Returning(returning) => Message::about(Text::Rejoining, &returning.peer),
        }
    }

    fn title(&self) -> Message {
        match &self.call {
            Call::Outgoing(outgoing) if self.is_rejoining() => {
                Message::about(Text::TitleInCall, &outgoing.peer)
            }
            Call::Outgoing(outgoing) => Message::about(Text::TitleCalling, &outgoing.peer),
            Call::Idle => match self.missed_calls().first() {
                Some(missed) => Message::about(Text::TitleMissed, &missed.name),
                None => Message::plain(Text::TitleIdle),
            },
            Call::Incoming(incoming) => Message::about(Text::TitleIncoming, &incoming.peer),
            Call::Active(active) => Message::about(Text::TitleInCall, &active.peer),
            Call::Returning(returning) => Message::about(Text::TitleInCall, &returning.peer),
        }
    }

    fn server_trouble(&self, now: Millis) -> Option<Message> {
        if self.offline && !matches!(self.link, Link::Closed) {
            return Some(Message::plain(Text::DeviceOffline));
        }
        match &self.link {
            // The first attempt follows at once, and mostly all is well again before anybody has read that it was not.
            Link::Waiting(attempt, _) if !attempt.has_failed() => None,
            Link::Waiting(attempt, until) => {
                Some(attempt.trouble(until.saturating_sub(now).div_ceil(1_000)))
            }
            Link::Proving(attempt, _) | Link::Opening(attempt, _) | Link::LoggingIn(attempt, _)
                if attempt.has_failed() =>
            {
                Some(attempt.trouble_now())
            }
            Link::Up(_) if self.account.right == Right::Ended => {
                Some(Message::plain(Text::SignInEndedInCall))
            }
            Link::Closed
            | Link::Proving(..)
            | Link::Opening(..)
            | Link::LoggingIn(..)
            | Link::Up(_) => None,
        }
    }

    fn notice_view(&self) -> Option<NoticeView> {
        let problem = match &self.call {
            Call::Active(active) => active.note,
            Call::Outgoing(outgoing) => outgoing.note,
            Call::Incoming(incoming) => match incoming.stage {
                incoming::Ring::Asking(Some(Text::AnswerShows)) if !self.hides_in_vain() => None,
                incoming::Ring::Asking(problem) => problem,
                incoming::Ring::Media | incoming::Ring::Ready(_) => None,
            },
            Call::Idle | Call::Returning(_) => return self.last_notice(),
        };
        problem.map(|text| NoticeView { message: Message::plain(text), call_again: false })
    }

    fn last_notice(&self) -> Option<NoticeView> {
        self.notice.as_ref().map(|notice| NoticeView {
            message: notice.message.clone(),
            call_again: notice.call_again.is_some() && self.link.is_up(),
        })
    }

    fn incoming_view(&self) -> Option<IncomingView> {
        match &self.call {
            Call::Incoming(incoming) => Some(IncomingView {
                name: incoming.peer.clone(),
                guest: incoming.guest,
                answering: !matches!(incoming.stage, incoming::Ring::Asking(_)),
                shows_address: self.hides_in_vain(),
            }),
            _ => None,
        }
    }

    fn remote_view(&self) -> Option<RemoteView> {
        match &self.call {
            Call::Idle | Call::Incoming(_) => None,
            Call::Outgoing(outgoing) => Some(RemoteView {
                name: outgoing.peer.clone(),
                guest: outgoing.guest,
                picture: false,
                muted: false,
                status: Some(self.status()),
            }),
            Call::Returning(returning) => Some(RemoteView {
                name: returning.peer.clone(),
                guest: false,
                picture: false,
                muted: false,
                status: Some(self.status()),
            }),
            Call::Active(active) => Some(RemoteView {
                name: active.peer.clone(),
                guest: active.guest,
                picture: active.peer_media.video && !matches!(active.path, Path::Connecting { .. }),
                muted: !active.peer_media.audio,
                status: (self.phase() != PhaseView::InCall).then(|| active_status(active)),
            }),
        }
    }

    fn controls(&self) -> Option<Controls> {
        let enabled = match &self.call {
            Call::Idle | Call::Incoming(_) => return None,
            Call::Outgoing(outgoing) => !matches!(outgoing.stage, outgoing::Stage::Media),
            Call::Active(_) => true,
            Call::Returning(_) => {
                let (camera, muted) = self.switched();
                return Some(Controls {
                    microphone_off: muted,
                    camera_off: !camera,
                    ..Controls::default()
                });
            }
        };
        let silenced = self.devices.silenced;
        Some(Controls {
            microphone_off: !self.devices.with_microphone() || silenced.microphone,
            camera_off: !self.devices.with_camera() || silenced.camera,
            enabled,
            microphone_opening: self.devices.is_opening_alone(Device::Microphone),
            camera_opening: self.devices.is_opening_alone(Device::Camera),
            microphone_silenced: silenced.microphone,
            camera_silenced: silenced.camera,
        })
    }

    /// When the call was first connected.
    const fn call_since(&self) -> Option<Millis> {
        match &self.call {
            Call::Active(Active {
                path: Path::Connected { since } | Path::Broken { since, .. },
                ..
            }) => Some(*since),
            _ => None,
        }
    }

    fn duration(&self, now: Millis) -> Option<u64> {
        self.call_since().map(|since| now.saturating_sub(since) / 1_000)
    }

    /// What rings.
    #[must_use]
    pub const fn what_rings(&self) -> Ring {
        match &self.call {
            Call::Incoming(incoming::Incoming { stage: incoming::Ring::Asking(_), .. }) => {
                Ring::Incoming
            }
            Call::Outgoing(outgoing::Outgoing {
                stage: outgoing::Stage::Sent { ringing: true, .. },
                ..
            }) => Ring::Outgoing,
            _ => Ring::Silent,
        }
    }
}

fn active_status(active: &Active) -> Message {
    match active.path {
        _ if active.peer_away => Message::about(Text::PeerAway, &active.peer),
        Path::Connecting { .. } => Message::about(Text::Connecting, &active.peer),
        Path::Connected { .. } => {
            Message { guest: active.guest, ..Message::about(Text::InCall, &active.peer) }
        }
        Path::Broken { .. } => Message::plain(Text::Reconnecting),
    }
}
