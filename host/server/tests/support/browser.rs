//! A browser, as far as the connect page needs one: it keeps cookies, and says from where a
//! request comes.

use std::collections::BTreeMap;

use chatgpt_oauth_server::Listen;

use super::{Answer, exchange, request};

/// A browser at one listener.
pub struct Browser {
    listen: Listen,
    pub host: &'static str,
    pub language: &'static str,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(listen: &Listen) -> Self {
        Self {
            listen: listen.clone(),
            host: "localhost",
            language: "en",
            cookies: BTreeMap::new(),
        }
    }

    /// Opens an address that the person types.
    pub async fn open(&mut self, path: &str) -> Answer {
        self.send("GET", path, "none", "").await
    }

    /// Presses a button of the page at this path, and goes where the answer leads.
    pub async fn press(&mut self, path: &str, action: &str) -> Answer {
        let body = format!("action={action}");
        let answer = self.send("POST", path, "same-origin", &body).await;
        match answer.header("location") {
            Some(location) => {
                assert_eq!((answer.status, location), (303, path), "{answer:?}");
                self.send("GET", path, "same-origin", "").await
            }
            None => answer,
        }
    }

    /// Sends a request that comes from this site, with the cookies that it may have.
    pub async fn send(&mut self, method: &str, path: &str, site: &str, body: &str) -> Answer {
        let text = self.request(method, path, site, body);
        let answer = Answer::parse(&exchange(&self.listen, text).await);
        let cookies = answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie");
        for (_, cookie) in cookies {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// A request as text.
    pub fn request(&self, method: &str, path: &str, site: &str, body: &str) -> String {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut headers = vec![
            ("host", self.host),
            ("accept-language", self.language),
            ("sec-fetch-site", site),
        ];
        if !cookies.is_empty() && matches!(site, "same-origin" | "none") {
            headers.push(("cookie", &cookies));
        }
        if method == "POST" {
            headers.push(("origin", "null"));
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        request(method, path, &headers, body)
    }
}
