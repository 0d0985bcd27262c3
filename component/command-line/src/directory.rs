//! The directory of the login, among those that the runtime opens.

use alloc::string::String;

use chatgpt_oauth_answers::Failure;

use crate::failure;

/// The name of the login's directory, for a runtime that opens several.
const LOGIN: &str = "/login";

/// Checks that the directories say which of them is the login's. The store takes the
/// directory `/login`, or the only one.
///
/// # Errors
///
/// If there are several, and none of them is `/login`.
pub fn check(directories: &[String]) -> Result<(), Failure> {
    let is_named = directories.iter().any(|name| name == LOGIN);
    match is_named || directories.len() < 2 {
        true => Ok(()),
        false => Err(failure::invalid_argument(
            "several directories are open, and none is /login",
            "open one directory, or mount the login's as /login: --dir DIRECTORY::/login",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_clear(names: &[&str]) -> bool {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        check(&names).is_ok()
    }

    #[test]
    fn one_directory_may_have_any_name_and_one_of_several_is_login() {
        assert!(is_clear(&[]) && is_clear(&["ada"]) && is_clear(&["/login"]));
        assert!(is_clear(&["data", "/login"]) && is_clear(&["/login", "data"]));
        assert!(!is_clear(&["data", "ada"]) && !is_clear(&["login", "/login/"]));
    }
}
