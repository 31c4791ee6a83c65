//! Settings of the steps that rewrite what a text says or how it is written.

use super::{Where, Words};
use serde::{Deserialize, Serialize};

words! {
    /// What happens to personal data.
    PersonalAction {
        /// The kind stands in its place: `[EMAIL]`.
        Mask,
        /// The kind and twelve hexadecimal digits that are the same for the same value: `[EMAIL:5d41402abc4b]`.
        Hash,
        /// Another value of the same kind and shape, the same for the same value.
        Replace,
        /// The sample goes.
        Remove,
    }
    /// What is personal data.
    #[derive(PartialOrd, Ord, Hash)]
    PersonalKind {
        Email,
        /// Mobile and landline numbers of China, the United States, Britain and, with `+`, of other countries.
        Phone,
        /// Of Chinese residents, with the check digit of GB 11643-1999.
        IdCard,
        /// Social security numbers of the United States.
        Ssn,
        /// With the check digit of ISO/IEC 7812-1 (Luhn).
        BankCard,
        /// IPv4 and IPv6 addresses.
        Ip,
        /// Keys, tokens, passwords.
        Secret,
        Address,
        Name,
    }
    /// In which encoding a text was taken to be written.
    Garble {
        Utf8AsWindows1252,
        Utf8AsGbk,
        GbkAsWindows1252,
    }
    /// How Chinese is written.
    ChineseForm {
        Simplified,
        Traditional,
        /// With the words of Taiwan: 軟體 for 软件.
        Taiwan,
        HongKong,
    }
}

settings! {
    Pii {
        within: Where = Where::Both,
        action: PersonalAction = PersonalAction::Mask,
        email: bool = true,
        phone: bool = true,
        id_card: bool = true,
        ssn: bool = true,
        bank_card: bool = true,
        ip: bool = true,
        secret: bool = true,
        /// Postal addresses.
        address: bool = true,
        /// Names of persons, by dictionary and context.
        name: bool = true,
        /// Of hashes and replacements. It stands in the recipe of the version.
        salt: String = "lathe".to_owned(),
    }
    Html {
        within: Where = Where::Both,
        /// The address of a link behind its text.
        links: bool = false,
        /// `&amp;` becomes &.
        entities: bool = true,
    }
    Mojibake {
        within: Where = Where::Both,
        /// Samples go in which characters are lost for good (U+FFFD, 锟斤拷).
        remove_lost: bool = false,
    }
    Script {
        within: Where = Where::Both,
        script: ChineseForm = ChineseForm::Simplified,
    }
}

impl PersonalKind {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::IdCard => "id_card",
            Self::Ssn => "ssn",
            Self::BankCard => "bank_card",
            Self::Ip => "ip",
            Self::Secret => "secret",
            Self::Address => "address",
            Self::Name => "name",
        }
    }

    /// What stands for it in a masked text.
    #[must_use]
    pub fn tag(self) -> String {
        self.as_str().to_uppercase()
    }
}

impl Garble {
    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8AsWindows1252 => "utf8_as_windows1252",
            Self::Utf8AsGbk => "utf8_as_gbk",
            Self::GbkAsWindows1252 => "gbk_as_windows1252",
        }
    }
}

impl Pii {
    #[must_use]
    pub fn looks_for(&self, kind: PersonalKind) -> bool {
        match kind {
            PersonalKind::Email => self.email,
            PersonalKind::Phone => self.phone,
            PersonalKind::IdCard => self.id_card,
            PersonalKind::Ssn => self.ssn,
            PersonalKind::BankCard => self.bank_card,
            PersonalKind::Ip => self.ip,
            PersonalKind::Secret => self.secret,
            PersonalKind::Address => self.address,
            PersonalKind::Name => self.name,
        }
    }
}
