//! The `prompt` parameter (OpenID Connect Core §3.1.2.1).

/// What a client wants its person to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing at all.
    None,
    /// The login page, signed in or not.
    Login,
    /// The consent page, approved or not.
    Consent,
    /// A choice among accounts: here, the login page.
    SelectAccount,
}

impl Prompt {
    const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// As it stands in the parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }

    const fn bit(self) -> u32 {
        match self {
            Self::None => 1,
            Self::Login => 2,
            Self::Consent => 4,
            Self::SelectAccount => 8,
        }
    }
}

/// The values of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompts(u32);

impl Prompts {
    /// Parses the parameter. `None` for an unknown value, and for `none` beside another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bits = 0;
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            bits |= Prompt::ALL.into_iter().find(|prompt| prompt.name() == name)?.bit();
        }
        let alone = bits & Prompt::None.bit() == 0 || bits == Prompt::None.bit();
        alone.then_some(Self(bits))
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, prompt: Prompt) -> bool {
        self.0 & prompt.bit() != 0
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone_and_unknown_values_are_refused() {
        let both = Prompts::parse("login consent").unwrap();
        assert!(both.has(Prompt::Login) && both.has(Prompt::Consent) && !both.has(Prompt::None));
        assert!(Prompts::parse("none").unwrap().has(Prompt::None));
        assert_eq!(Prompts::parse(""), Some(Prompts::default()));
        for bad in ["none login", "login none", "LOGIN", "create", "login,consent"] {
            assert_eq!(Prompts::parse(bad), None, "{bad}");
        }
    }
}
