//! The records of an extended header.

/// A key and a value of an extended header.
pub(super) type Record<'a> = (&'a [u8], &'a [u8]);

/// The records `LENGTH KEY=VALUE\n` of an extended header, the length being that of the whole record (POSIX.1-2001
/// pax, "pax Header Block"). A value may hold anything, line ends too: only the length says where it ends.
pub(super) fn records(mut bytes: &[u8]) -> Option<Vec<Record<'_>>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ')?;
        let digits = std::str::from_utf8(&bytes[..space]).ok()?;
        let length: usize =
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        let (record, rest) = bytes.split_at_checked(length)?;
        let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        records.push((&record[..equals], &record[equals + 1..]));
        bytes = rest;
    }
    Some(records)
}
