use super::super::header::made;
use super::super::testing;
use super::*;

const PAGE: usize = 512;

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        bytes.insert(0, 0x80 | (number & 0x7f) as u8);
    }
    bytes
}

/// A record of columns: their types and their bytes.
fn record(columns: &[(u64, &[u8])]) -> Vec<u8> {
    let kinds: Vec<u8> = columns.iter().flat_map(|(kind, _)| varint(*kind)).collect();
    let mut record = vec![kinds.len() as u8 + 1];
    record.extend(kinds);
    columns.iter().for_each(|(_, value)| record.extend(*value));
    record
}

fn text(value: &str) -> (u64, &[u8]) {
    (13 + 2 * value.len() as u64, value.as_bytes())
}

fn package(header: &[u8]) -> Vec<u8> {
    record(&[(0, b""), (12 + 2 * header.len() as u64, header)])
}

/// A page of a table, with something before its head and something after it.
fn page(before: &[u8], kind: u8, right: &[u8], cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; PAGE];
    let mut end = PAGE;
    let mut head = vec![kind, 0, 0, 0, cells.len() as u8, 0, 0, 0];
    head.extend(right);
    for cell in cells {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        head.extend((end as u16).to_be_bytes());
    }
    page[..before.len()].copy_from_slice(before);
    page[before.len()..before.len() + head.len()].copy_from_slice(&head);
    page
}

fn cell(number: u8, record: &[u8]) -> Vec<u8> {
    [varint(record.len() as u64), vec![number], record.to_vec()].concat()
}

/// Page 1: the schema. 2: the table's inner page. 3, 4: its leaves, of one package each. 5, 6: the rest of the second.
fn database() -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend((PAGE as u16).to_be_bytes());
    head.resize(HEAD_BYTES, 0);
    head[59] = 1;
    let schema = [
        record(&[text("index"), text("Packages"), text("Packages"), (1, &[9]), text("")]),
        record(&[
            text("table"),
            text("Packages"),
            text("Packages"),
            (1, &[2]),
            text("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)"),
        ]),
    ];
    let schema: Vec<Vec<u8>> = schema.iter().map(|record| cell(1, record)).collect();
    let large = package(&made::package(&"l".repeat(1200)));
    // Section 1.6: P is 1251, U is 512: M is 39, K is 39 + (P - M) % 508 = 235.
    let local = 39 + (large.len() - 39) % 508;
    let rest = &large[local..];
    let mut cut = varint(large.len() as u64);
    cut.push(2);
    cut.extend(&large[..local]);
    cut.extend([0, 0, 0, 5]);
    let overflow = |next: u8, part: &[u8]| {
        let mut page = vec![0, 0, 0, next];
        page.extend(part);
        page.resize(PAGE, 0);
        page
    };
    [
        page(&head, PAGE_LEAF, &[], &schema),
        page(&[], PAGE_INTERIOR, &[0, 0, 0, 4], &[vec![0, 0, 0, 3, 1]]),
        page(&[], PAGE_LEAF, &[], &[cell(1, &package(&made::package("small")))]),
        page(&[], PAGE_LEAF, &[], &[cut]),
        overflow(6, &rest[..508]),
        overflow(0, &rest[508..]),
    ]
    .concat()
}

fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    testing::all(headers, bytes)
}

#[test]
fn packages() {
    assert_eq!(read(&database()).unwrap(), [made::package("small"), made::package(&"l".repeat(1200))]);
}

#[test]
fn broken_anywhere() {
    let bytes = database();
    testing::broken_anywhere(&bytes, bytes.len(), read);
}

#[test]
fn references_that_loop() {
    let changes = [
        (PAGE + 11, 2, "refers to one page from two places"),
        (PAGE + 11, 3, "refers to one page from two places"),
        (PAGE + 11, 0, "refers to the page 0"),
        (PAGE + 11, 9, "ends before one of its pages"),
        (4 * PAGE + 3, 5, "refers to one page from two places"),
        (4 * PAGE + 3, 0, "refers to the page 0"),
        (59, 2, "is not in UTF-8"),
        (16, 3, "has a page size that can't be"),
        (20, 200, "reserves too much of its pages"),
    ];
    for (at, byte, expected) in changes {
        let mut bytes = database();
        bytes[at] = byte;
        let error = read(&bytes).unwrap_err().to_string();
        assert_eq!(error, format!("malformed rpm database: the SQLite file {expected}"), "{at}");
    }
}

#[test]
fn numbers() {
    let cases: [(&[u8], Option<u64>); 6] = [
        (&[0x7f], Some(127)),
        (&[0x81, 0], Some(128)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Some(u64::MAX)),
        (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 5], Some(5)),
        (&[0x80], None),
        (&[], None),
    ];
    for (bytes, expected) in cases {
        assert_eq!(variable(bytes).map(|(number, _)| number), expected, "{bytes:?}");
    }
    for (bytes, expected) in [(&[0xff][..], -1), (&[0x80, 0], -32768), (&[0x7f, 0xff], 32767), (&[], 0)] {
        assert_eq!(integer(bytes), expected);
    }
}

#[test]
fn records() {
    let values = record(&[(0, b""), (1, &[5]), (7, &[0; 8]), (8, b""), (9, b""), text("ab"), (16, b"cd")]);
    let expected = [
        Value::Other,
        Value::Integer(5),
        Value::Other,
        Value::Integer(0),
        Value::Integer(1),
        Value::Text(b"ab"),
        Value::Blob(b"cd"),
    ];
    assert_eq!(columns(&values).unwrap(), expected);
    assert_eq!(columns(&record(&[(10, b"")])), None);
    assert_eq!(columns(&record(&[(u64::MAX >> 1, b"")])), None);
}
