//! The ids of index.html that the code binds: here and nowhere else.
//!
//! A native test compares [`ALL`] with index.html, where ids that begin with `x-` belong to the page alone.

/// Hands the table to a macro: the name in Rust, the kind of element in `web_sys`, the id.
macro_rules! with_ids {
    ($then:ident) => {
        $then! {
            server_banner: HtmlElement = "serverBanner",
            server_banner_text: HtmlElement = "serverBannerText",
            retry_now: HtmlButtonElement = "retryNowBtn",

            start_page: HtmlElement = "startPage",
            unsupported_page: HtmlElement = "unsupportedPage",

            server_page: HtmlElement = "serverPage",
            server_question: HtmlElement = "serverQuestion",
            server_unusable: HtmlElement = "serverUnusable",
            other_server: HtmlElement = "otherServer",
            use_server: HtmlButtonElement = "useServerBtn",
            use_own_server: HtmlElement = "ownServerBtn",

            login_page: HtmlElement = "loginPage",
            login_card: HtmlElement = "loginCard",
            login_notice: HtmlElement = "loginNotice",
            providers: HtmlElement = "providers",
            login_form: HtmlFormElement = "loginForm",
            account_note: HtmlElement = "accountNote",
            name_field: HtmlElement = "nameField",
            username: HtmlInputElement = "usernameInput",
            username_error: HtmlElement = "usernameError",
            login: HtmlButtonElement = "loginBtn",
            other_account: HtmlButtonElement = "otherAccountBtn",

            check_box: HtmlElement = "checkBox",
            check: HtmlButtonElement = "checkBtn",
            check_panel: HtmlElement = "checkPanel",
            check_udp: HtmlElement = "checkUdp",
            check_tcp: HtmlElement = "checkTcp",
            check_tls: HtmlElement = "checkTls",
            check_summary: HtmlElement = "checkSummary",

            call_page: HtmlElement = "callPage",
            self_name: HtmlElement = "selfName",
            self_note: HtmlElement = "selfNote",
            sign_out: HtmlButtonElement = "signOutBtn",

            notice: HtmlElement = "notice",
            notice_text: HtmlElement = "noticeText",
            call_again: HtmlButtonElement = "callAgainBtn",
            notice_close: HtmlButtonElement = "noticeCloseBtn",

            idle_panel: HtmlElement = "idlePanel",
            dial_form: HtmlFormElement = "dialForm",
            callee: HtmlInputElement = "callToUsernameInput",
            callee_error: HtmlElement = "callToUsernameError",
            call: HtmlButtonElement = "callBtn",
            preview: HtmlButtonElement = "previewBtn",
            relay_only: HtmlButtonElement = "relayOnlyBtn",
            relay_only_warning: HtmlElement = "relayOnlyWarning",
            missed_panel: HtmlElement = "missedPanel",
            missed_list: HtmlElement = "missedList",
            clear_missed: HtmlButtonElement = "clearMissedBtn",
            blocked_panel: HtmlElement = "blockedPanel",
            blocked_list: HtmlElement = "blockedList",

            incoming: HtmlElement = "incomingCall",
            caller_initial: HtmlElement = "callerInitial",
            caller_name: HtmlElement = "callerName",
            caller_guest: HtmlElement = "callerGuest",
            ring_preview: HtmlButtonElement = "ringPreviewBtn",
            accept: HtmlButtonElement = "acceptBtn",
            accept_audio: HtmlButtonElement = "acceptAudioBtn",
            decline: HtmlButtonElement = "declineBtn",
            block: HtmlButtonElement = "blockBtn",

            stage: HtmlElement = "stage",
            remote_video: HtmlVideoElement = "remoteVideo",
            local_tile: HtmlButtonElement = "localTile",
            local_video: HtmlVideoElement = "localVideo",
            remote_placeholder: HtmlElement = "remotePlaceholder",
            remote_initial: HtmlElement = "remoteInitial",
            remote_name: HtmlElement = "remoteName",
            remote_guest: HtmlElement = "remoteGuest",
            remote_status: HtmlElement = "remoteStatus",
            remote_muted: HtmlElement = "remoteMutedBadge",
            call_timer: HtmlElement = "callTimer",
            call_controls: HtmlElement = "callControls",
            play_sound: HtmlButtonElement = "playSoundBtn",
            microphone: HtmlButtonElement = "micBtn",
            camera: HtmlButtonElement = "cameraBtn",
            hang_up: HtmlButtonElement = "hangUpBtn",
            debug: HtmlElement = "debugPanel",
            debug_ringing: HtmlElement = "debugRinging",
            debug_picture: HtmlElement = "debugPicture",

            status: HtmlElement = "status",
            provider_template: HtmlTemplateElement = "providerTemplate",
            missed_template: HtmlTemplateElement = "missedTemplate",
            blocked_template: HtmlTemplateElement = "blockedTemplate",
            texts: HtmlTemplateElement = "texts",
            check_texts: HtmlTemplateElement = "checkTexts",
        }
    };
}

#[cfg(target_arch = "wasm32")]
pub(crate) use with_ids;

macro_rules! list {
    ($($field:ident: $kind:ident = $id:literal,)*) => {
        /// Every id that the code binds.
        pub const ALL: &[&str] = &[$($id,)*];
    };
}

with_ids!(list);
