//! What was asked.

/// One request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: String,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Bytes of the body that the request announced.
    pub length: Option<u64>,
    /// The status of the answer, once there is one.
    pub status: Option<u16>,
}

impl Entry {
    /// `METHOD PATH`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}
