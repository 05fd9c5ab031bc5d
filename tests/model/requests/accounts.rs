//! Accounts: invitations, signups, logins, resets, and rights.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::expected::{Answer, Expected, Refusals, Token};
use crate::model::Model;
use crate::people::Caller;
use crate::people::Person::{self, Admin, Alice, Bob, Carol, Dave, Erin, Zoe};
use crate::sent::{Credentials, Sent};
use crate::state::accounts::{Account, Link, Session, session_name};

#[derive(Clone, Debug)]
pub enum Request {
    Login { who: Person, is_right: bool, is_exact: bool },
    Signup { who: Person, is_strong: bool },
    Reset { link: Link, is_strong: bool },
    Invite { caller: Caller, who: Vec<Person>, is_malformed: bool },
    Withdraw { caller: Caller, who: Person },
    List { caller: Caller },
    Show { caller: Caller, who: Person },
}

pub fn any_request() -> impl Strategy<Value = Request> {
    let links = [Link::Alice1, Link::Alice2, Link::Carol, Link::Dave, Link::Expired, Link::Used, Link::Unknown];
    let likely = |weight| prop::bool::weighted(weight);
    // hashing a password takes 25 ms of CPU, and the response to a refused login is delayed by a quarter of a second
    let who_logs_in = prop_oneof![12 => select(&[Alice, Bob, Zoe, Admin][..]), 1 => Person::any()];
    prop_oneof![
        2 => (who_logs_in, likely(0.97), likely(0.8))
            .prop_map(|(who, is_right, is_exact)| Request::Login { who, is_right, is_exact }),
        2 => (select(&[Carol, Carol, Erin, Alice, Dave][..]), likely(0.9))
            .prop_map(|(who, is_strong)| Request::Signup { who, is_strong }),
        2 => (select(links.to_vec()), likely(0.9)).prop_map(|(link, is_strong)| Request::Reset { link, is_strong }),
        4 => (Caller::researcher(), prop::collection::vec(Person::any(), 0..3), likely(0.1))
            .prop_map(|(caller, who, is_malformed)| Request::Invite { caller, who, is_malformed }),
        2 => (Caller::researcher(), select(&[Carol, Erin, Alice, Dave][..]))
            .prop_map(|(caller, who)| Request::Withdraw { caller, who }),
        2 => Caller::researcher().prop_map(|caller| Request::List { caller }),
        1 => (Caller::researcher(), Person::any()).prop_map(|(caller, who)| Request::Show { caller, who }),
    ]
}

impl Model {
    pub fn account_request(&mut self, request: &Request) -> (Sent, Expected) {
        match *request {
            Request::Login { who, is_right, is_exact } => self.login(who, is_right, is_exact),
            Request::Signup { who, is_strong } => self.signup(who, is_strong),
            Request::Reset { link, is_strong } => self.reset(link, is_strong),
            Request::Invite { caller, ref who, is_malformed } => self.invite(caller, who, is_malformed),
            Request::Withdraw { caller, who } => self.withdraw(caller, who),
            Request::List { caller } => self.list_accounts(caller),
            Request::Show { caller, who } => self.show_account(caller, who),
        }
    }

    fn login(&mut self, who: Person, is_right: bool, is_exact: bool) -> (Sent, Expected) {
        let stored = self.accounts.of(who).and_then(|account| account.password.clone());
        let password = if is_right { stored.clone() } else { None }.unwrap_or_else(|| "Wrong-pass-1".to_owned());
        let address = if is_exact { who.address() } else { format!(" {} ", who.address().to_uppercase()) };
        let sent = Sent::post("/api/auth/login", Credentials::None, &json!({"email": address, "password": password}));
        let number = self.accounts.sessions.iter().filter(|session| session.person == who).count();
        let Some(account) = self.accounts.of_mut(who) else { return (sent, Answer::business("1002").into()) };
        if account.active != Some(true) {
            return (sent, Answer::business("1004").into());
        }
        if account.wrong_passwords >= 10 {
            return (sent, Answer::business("1050").into());
        }
        if stored.as_ref() != Some(&password) {
            account.wrong_passwords += 1;
            return (sent, Answer::business("1005").into());
        }
        account.wrong_passwords = 0;
        let name = session_name(who, number);
        self.accounts.sessions.push(Session { person: who, name: name.clone(), is_live: true });
        let answer = Answer { status: 200, body: json!({"message": "Login Successfully"}) };
        (sent, Expected { any_of: vec![answer], token: Token::New(name) })
    }

    fn new_password(&mut self, who: Option<Person>, is_strong: bool) -> String {
        self.accounts.passwords += 1;
        let number = self.accounts.passwords + 1;
        let name = who.map_or("nobody", Person::name);
        if is_strong { format!("{name}-pass-{number}") } else { "weak".to_owned() }
    }

    fn signup(&mut self, who: Person, is_strong: bool) -> (Sent, Expected) {
        let password = self.new_password(Some(who), is_strong);
        let body = json!({"email": who.address(), "password": password});
        let sent = Sent::post("/api/auth/signup", Credentials::None, &body);
        let account = self.accounts.of(who);
        let mut refusals = Refusals::default();
        refusals.add_if(!is_strong, Answer::business("1001"));
        refusals.add(match account {
            None => Some(Answer::business("1002")),
            Some(account) if account.active == Some(true) => Some(Answer::business("1003")),
            // disabled
            Some(account) if account.password.is_some() => Some(Answer::business("1002")),
            Some(_) => None,
        });
        let expected = refusals.expected().unwrap_or_else(|| {
            self.accounts.set_password(who, password);
            self.record("account.sign-up", None);
            Answer::data(201, "Sign up successfully").into()
        });
        (sent, expected)
    }

    fn reset(&mut self, link: Link, is_strong: bool) -> (Sent, Expected) {
        let password = self.new_password(link.owner(), is_strong);
        let body = json!({"password": password, "resetToken": link.token()});
        let sent = Sent::post("/api/auth/reset-password", Credentials::None, &body);
        let mut refusals = Refusals::default();
        refusals.add_if(!is_strong, Answer::business("1001"));
        refusals.add_if(link == Link::Expired, Answer::business("1023"));
        refusals.add_if(link != Link::Expired && !self.accounts.good_links.contains(&link), Answer::business("1022"));
        let expected = refusals.expected().unwrap_or_else(|| {
            if let Some(owner) = link.owner() {
                let is_active = self.accounts.of(owner).is_some_and(|account| account.active == Some(true));
                self.record(if is_active { "account.reset-password" } else { "account.sign-up" }, None);
                self.accounts.set_password(owner, password);
            }
            Answer::data(200, "password updated").into()
        });
        (sent, expected)
    }

    fn invite(&mut self, caller: Caller, who: &[Person], is_malformed: bool) -> (Sent, Expected) {
        let addresses = who.iter().map(|person| person.address()).chain(is_malformed.then(|| "no address".to_owned()));
        let users: Vec<_> = addresses.map(|address| json!({"email": address})).collect();
        let sent = Sent::post("/admin/users", self.accounts.credentials(caller), &json!({"users": users}));
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(is_malformed, Answer::refused(400));
        let expected = refusals.expected().unwrap_or_else(|| {
            let mut outcomes = Map::new();
            for person in who {
                if self.accounts.of(*person).is_none() {
                    let id = self.new_name("account");
                    let (is_id_known, active, password) = (false, Some(false), None);
                    let account = Account { person: *person, id, is_id_known, active, password, wrong_passwords: 0 };
                    self.accounts.all.push(account);
                    outcomes.insert(person.address(), json!("added"));
                }
                outcomes.entry(person.address()).or_insert_with(|| json!("failed: already existed"));
            }
            if outcomes.values().any(|outcome| outcome == "added") {
                self.record("accounts.invite", Some(caller));
            }
            Answer::data(201, Value::Object(outcomes)).into()
        });
        (sent, expected)
    }

    /// Returns the id of an account for a path, or `None` if there is no account, or no response has revealed its id.
    fn path_id(&self, who: Person) -> Option<String> {
        let account = self.accounts.of(who).filter(|account| account.is_id_known)?;
        Some(account.id.as_str().map_or_else(|| account.id.to_string(), str::to_owned))
    }

    fn withdraw(&mut self, caller: Caller, who: Person) -> (Sent, Expected) {
        let id = self.path_id(who);
        let path = format!("/admin/users/{}/invitation", id.as_deref().unwrap_or("999999"));
        let sent = Sent { method: http::Method::DELETE, ..Sent::get(path, self.accounts.credentials(caller)) };
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        let Some(account) = self.accounts.of(who).filter(|_| id.is_some()).cloned() else {
            refusals.add_if(true, Answer::refused(404));
            return (sent, refusals.expected().expect("there is a refusal"));
        };
        refusals.add_if(account.active == Some(true) || account.password.is_some(), Answer::refused(409));
        let expected = refusals.expected().unwrap_or_else(|| {
            self.accounts.all.retain(|account| account.person != who);
            self.accounts.good_links.retain(|link| link.owner() != Some(who));
            self.record("accounts.withdraw", Some(caller));
            Answer::data(200, json!({"id": account.id})).into()
        });
        (sent, expected)
    }

    fn list_accounts(&mut self, caller: Caller) -> (Sent, Expected) {
        let sent = Sent::get("/admin/users", self.accounts.credentials(caller));
        if let Some(refusal) = self.accounts.refusal_of_researcher(caller) {
            return (sent, refusal.into());
        }
        let accounts = self.accounts.all.iter_mut().map(|account| {
            account.is_id_known = true;
            json!({"id": account.id, "email": account.person.address(), "active": account.active,
                   "admin_flag": account.person == Admin})
        });
        (sent, Answer::data(200, json!({"users": accounts.collect::<Vec<_>>()})).into())
    }

    fn show_account(&self, caller: Caller, who: Person) -> (Sent, Expected) {
        let id = self.path_id(who);
        let path = format!("/admin/users/{}", id.as_deref().unwrap_or("999999"));
        let sent = Sent::get(path, self.accounts.credentials(caller));
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(id.is_none(), Answer::refused(404));
        let shown = || Answer::data(200, json!({"email": who.address()})).into();
        (sent, refusals.expected().unwrap_or_else(shown))
    }

    /// Returns the rows of the export of participants.
    pub fn exported_participants(&self) -> Vec<Value> {
        let participants = self.accounts.all.iter().filter(|account| account.person != Admin);
        let row = |account: &Account| {
            let completed = self.answers.count(account.person);
            let assigned = self.assignments.of(account.person).count();
            json!({"user_id": account.id, "active": account.active, "cases_completed": completed, "cases_assigned": assigned})
        };
        participants.map(row).collect()
    }
}
