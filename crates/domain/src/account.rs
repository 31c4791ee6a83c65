//! What counts as a valid e-mail address, password and name.

use serde::{Deserialize, Serialize};

/// A checked, lower-case e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Accepts what has one `@`, a dot in the domain, no spaces and at most 254 characters
    /// (RFC 5321 §4.5.3.1): a typing check, since only a delivered message proves an address.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let text = text.trim().to_lowercase();
        let ok = text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain.split('.').count() > 1
                    && domain.split('.').all(|p| !p.is_empty())
            });
        if ok { Ok(Self(text)) } else { Err(AccountError::Email) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shortest password; NIST SP 800-63B-4 asks for at least 15 alone or 8 with a second factor,
/// we ask for 12 and throttle.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Checks a new password's length. Its strength lies in length, not in character classes.
pub fn check_password(password: &str) -> Result<(), AccountError> {
    let n = password.chars().count();
    if n < MIN_PASSWORD_CHARS {
        Err(AccountError::PasswordTooShort)
    } else if n > 256 {
        Err(AccountError::PasswordTooLong)
    } else {
        Ok(())
    }
}

/// Trims a person's or thing's name and checks that something is left.
pub fn parse_name(text: &str) -> Result<String, AccountError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(AccountError::Name);
    }
    Ok(text.to_owned())
}

/// What is wrong with a field of an account form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AccountError {
    #[error("this is not an e-mail address")]
    Email,
    #[error("the password must have at least {MIN_PASSWORD_CHARS} characters")]
    PasswordTooShort,
    #[error("the password must have at most 256 characters")]
    PasswordTooLong,
    #[error("the name must have 1 to 200 characters, without control characters")]
    Name,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        assert_eq!(Email::parse(" Ada@Example.org ").map(|e| e.0), Ok("ada@example.org".to_owned()));
        for bad in ["", "a", "a@b", "a@b.", "a b@c.d", "a@b@c.d", "@c.d"] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
}
