//! Where each input goes, and when time is one.

use protocol::LeaveReason;

use super::{Call, Client, Effect, Input, Millis, UserInput};

impl Client {
    /// Takes in what happened at `now` and says what to do about it, in order.
    #[must_use]
    pub fn handle(&mut self, now: Millis, input: Input) -> Vec<Effect> {
        let goes = matches!(input, Input::PageLeft | Input::PageCloses);
        match input {
            Input::User(input) => self.handle_user(now, input),
            Input::SocketOpened => self.handle_socket_opened(now),
            Input::SocketText(text) => self.handle_socket_text(now, &text),
            Input::SocketClosed { code } => self.handle_socket_closed(now, code),
            Input::MediaOpened { request, audio, video } => {
                self.handle_media_opened(now, request, audio, video);
            }
            Input::MediaFailed { request, error } => self.handle_media_failed(now, request, error),
            Input::Permissions(permissions) => self.devices_permitted(now, permissions),
            Input::CameraEnded => self.handle_camera_ended(),
            Input::MicrophoneEnded => self.handle_microphone_ended(),
            Input::Silenced { device, silenced } => self.handle_silenced(device, silenced),
            Input::Peer(id, event) => self.handle_peer(now, id, event),
            Input::Reloaded(kept) => self.reloaded(now, kept),
            Input::OwnServer => self.uses_own_server(now),
            Input::Fetched(request, answer) => self.fetched(now, request, answer),
            Input::CameBack(how) => self.came_back(&how),
            Input::Remembered(name) => self.remembered = Some(name),
            Input::MissedBefore(missed) => self.missed_before(missed),
            Input::HidesAddress(hides) => self.hides_address = hides,
            Input::Blocked(names) => self.blocked = names,
            Input::Offline => {
                self.offline = true;
                // Browsers are wrong about it at times: an answer says so.
                self.probe(now);
            }
            Input::NetworkChanged => self.network_changed(now),
            Input::PageLeft => self.leave_page(now),
            Input::PageCloses => {}
            Input::Awake => self.wake(now),
            Input::Tick => {
                self.notice_sleep(now);
                self.handle_tick(now);
            }
        }
        self.end_what_has_ended();
        let keep = self.to_keep();
        // What is kept is good for a while from the moment at which the page goes.
        if keep != self.kept || goes && keep.is_some() {
            self.kept = keep.clone();
            self.effects.push(Effect::Keep(keep));
        }
        if self.missed != self.kept_missed {
            self.kept_missed = self.missed.clone();
            self.effects.push(Effect::KeepMissed(self.missed.clone()));
        }
        std::mem::take(&mut self.effects)
    }

    /// When to call with [`Input::Tick`] next, if no other input comes first.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Millis> {
        let call = match &self.call {
            Call::Idle => None,
            Call::Outgoing(outgoing) => outgoing.next_timeout(),
            Call::Incoming(incoming) => Some(incoming.until),
            Call::Active(active) => active.next_timeout(),
            Call::Returning(returning) => Some(returning.until),
        };
        [self.link.next_timeout(), self.asks_again(), call].into_iter().flatten().min()
    }

    fn handle_user(&mut self, now: Millis, input: UserInput) {
        match input {
            UserInput::Begin => self.account.begun = true,
            UserInput::SignIn { name } => self.sign_in(now, &name),
            UserInput::SignOut => self.sign_out(),
            UserInput::LeaveForProvider => self.close_link(),
            UserInput::RetryNow => self.retry_now(now),
            UserInput::Call { name } => self.start_call(now, &name),
            UserInput::CallAgain => {
                if let Some(name) =
                    self.notice.as_ref().and_then(|notice| notice.call_again.clone())
                {
                    self.start_call(now, &name);
                }
            }
            UserInput::Accept { camera } => self.accept(now, camera),
            UserInput::Decline => self.decline(),
            UserInput::DeclineForGood => self.decline_for_good(),
            UserInput::HangUp => self.hang_up(),
            UserInput::ToggleMicrophone => self.toggle_microphone(),
            UserInput::ToggleCamera => self.toggle_camera(),
            UserInput::TogglePreview => self.toggle_preview(),
            UserInput::DismissNotice => self.dismiss_notice(),
            UserInput::ClearMissed => self.missed.calls.clear(),
            UserInput::Block { name } => self.block(name),
            UserInput::Unblock { name } => self.unblock(&name),
            UserInput::MoveTile(corner) => self.corner = corner,
        }
    }

    fn handle_tick(&mut self, now: Millis) {
        self.tick_link(now);
        self.tick_options(now);
        match &self.call {
            Call::Idle => {}
            Call::Outgoing(outgoing) if outgoing.is_over(now) => match outgoing.replaces {
                Some(_) => self.give_up_rejoining(),
                None => self.give_up_ringing(),
            },
            Call::Incoming(incoming) if incoming.until <= now => {
                self.leave(LeaveReason::Timeout);
                self.miss_call(now);
            }
            Call::Returning(returning) if returning.until <= now => self.give_up_rejoining(),
            Call::Outgoing(_) | Call::Incoming(_) | Call::Returning(_) => {}
            Call::Active(_) => self.tick_active(now),
        }
    }
}
