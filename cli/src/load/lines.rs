//! Counts lines as an editor does: they end with a line feed, a carriage return, or both.

use std::io::{self, BufReader, Read};

/// Returns the line numbers of rows that begin at these ascending byte offsets. A row's offset may be before empty lines that precede it.
///
/// csv's own count omits empty lines, and does not treat a lone carriage return as a line end.
pub fn of(content: impl Read, at: &[u64]) -> io::Result<Vec<u64>> {
    let mut lines = Vec::with_capacity(at.len());
    let mut wanted = at.iter().copied().peekable();
    let (mut line, mut before) = (1, 0);
    for (offset, byte) in (0_u64..).zip(BufReader::new(content).bytes()) {
        let byte = byte?;
        while wanted.peek().is_some_and(|at| *at <= offset) && !matches!(byte, b'\r' | b'\n') {
            lines.push(line);
            wanted.next();
        }
        if wanted.peek().is_none() {
            break;
        }
        if byte == b'\n' && before == b'\r' {
            before = 0;
            continue;
        }
        line += u64::from(matches!(byte, b'\r' | b'\n'));
        before = byte;
    }
    lines.extend(wanted.map(|_| line));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_end_with_lf_cr_or_both() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["a,b", "1,2", "", "", "3,4", "5,6"].join(end);
            let at = |row: &str| text.find(row).unwrap() as u64;
            // csv reports a row's offset directly after the previous row, or within its line end
            let offsets = [at("1,2"), at("1,2") + 3, at("5,6")];

            assert_eq!(super::of(text.as_bytes(), &offsets).unwrap(), [2, 5, 6], "{end:?}");
        }
    }
}
