//! Counts the spaces of its arguments. It is in the root for the packages that its binary names.

fn main() {
    let words = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let spaces = memchr::memchr_iter(b' ', words.as_bytes()).count();
    println!("{}", itoa::Buffer::new().format(spaces));
}
