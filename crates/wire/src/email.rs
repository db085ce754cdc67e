//! A person's e-mail address, and the links that are mailed.

replies! {
    /// `GET /api/v1/email`.
    pub struct Email {
        /// The one that was proved.
        pub address: Option<String>,
        /// One that waits for the link in the mail that was sent there.
        pub wanted: Option<String>,
        /// This instance sends mails.
        pub mail: bool,
    }
}

requests! {
    /// `PUT /api/v1/email`: a mail goes there, and its link makes it the person's address.
    pub struct SetEmail { pub address: String }

    /// `POST /api/v1/email/verify`.
    pub struct VerifyEmail { pub token: String }

    /// `POST /api/v1/password/forgot`: by user name or e-mail address. The answer is the same
    /// whoever that is.
    pub struct ForgotPassword { pub who: String }

    /// `POST /api/v1/not-me`: with the token of a link in a mail about something that the person
    /// did not do. Ends every sign-in and mails a link to a new password.
    pub struct NotMe { pub token: String }
}

/// Bytes of an address (RFC 5321, 4.5.3.1.3).
pub const ADDRESS_BYTES: usize = 254;
