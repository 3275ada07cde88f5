//! The ways to sign in.

use js_sys::encode_uri_component;
use wasm_bindgen::JsCast;
use web_sys::{DocumentFragment, HtmlElement};

use super::{
    Elements, set_attribute,
    texts::{Texts, fill_slot},
};
use crate::{
    browser::environment::folder,
    call::{Entry, Message, Page, Provider, View},
};

/// The ways to sign in.
#[derive(Debug)]
pub(super) struct SignIn {
    template: DocumentFragment,
    providers: Vec<Provider>,
    /// What the page itself has written into the field for the name.
    written: String,
}

impl SignIn {
    pub(super) fn new(elements: &Elements) -> Self {
        let template = elements.provider_template.content();
        Self { template, providers: Vec::new(), written: String::new() }
    }

    pub(super) fn wrote(&mut self, name: &str) {
        name.clone_into(&mut self.written);
    }

    /// Whether something stands in the field for the name that the page has not written there.
    pub(super) fn is_typing(&self, elements: &Elements) -> bool {
        let value = elements.username.value();
        !value.is_empty() && value != self.written
    }

    pub(super) fn render(&mut self, elements: &Elements, texts: &Texts, view: &View) {
        if self.providers != view.providers {
            self.offer(elements, view);
        }
        if view.page == Page::Call {
            // Nobody is at the sign-in; who comes back to it finds everything in its place.
            set_attribute(&elements.login_card, "data-late", None);
        }
        set_attribute(&elements.login_card, "data-entry", Some(view.entry.key()));
        elements.login_form.set_hidden(view.entry == Entry::Provider);
        elements.name_field.set_hidden(!view.entry.asks_for_name());
        elements.other_account.set_hidden(view.account.is_none());
        elements.check_box.set_hidden(!view.can_check);
        texts.show_or_hide(&elements.account_note, view.account.as_ref());
        let notice = view
            .sign_in_notice
            .map(|text| Message { seconds: view.refused_for, ..Message::plain(text) });
        texts.show_or_hide(&elements.login_notice, notice.as_ref());
        elements.login.set_disabled(view.signing_in);
        elements.username.set_read_only(view.signing_in);
    }

    /// Shows a link for each provider. Labels are text, and what an id may do in an address it cannot do here.
    fn offer(&mut self, elements: &Elements, view: &View) {
        let providers = &view.providers;
        let late = view.entry == Entry::Guest && (view.late || self.is_typing(elements));
        set_attribute(&elements.login_card, "data-late", late.then_some(""));
        elements.providers.set_text_content(None);
        elements.providers.set_hidden(providers.is_empty());
        // The provider sends the browser back to where the server thinks that this page is.
        let at = folder(&elements.providers).map(|folder| folder.pathname()).unwrap_or_default();
        let at = String::from(encode_uri_component(&at));
        for provider in providers {
            let copy = self.template.clone_node_with_deep(true).ok();
            let copy = copy.map(JsCast::unchecked_into::<DocumentFragment>);
            let Some(link) = copy.and_then(|copy| copy.first_element_child()) else { continue };
            fill_slot(&link, "provider", &provider.label);
            let id = String::from(encode_uri_component(&provider.id));
            set_attribute(&link, "href", Some(&format!("auth/sign-in/{id}?at={at}")));
            let _ = elements.providers.append_child(&link);
        }
        self.providers.clone_from(providers);
    }
}

/// What gets the focus for signing in: this, unless there is no name to be typed.
pub(super) fn way_in<'a>(
    elements: &'a Elements,
    view: &View,
    usual: &'a HtmlElement,
) -> Option<&'a HtmlElement> {
    match view.entry {
        Entry::Open | Entry::Guest | Entry::Naming => Some(usual),
        Entry::Known => Some(&elements.login),
        Entry::Provider => {
            let first = elements.providers.first_element_child();
            if let Some(link) = first.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
                let _ = link.focus();
            }
            None
        }
    }
}
