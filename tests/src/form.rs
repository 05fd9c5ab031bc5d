//! Forms with a file (RFC 7578), as browsers send uploads.

/// The content type of [`with_file`].
pub const CONTENT_TYPE: &str = "multipart/form-data; boundary=x";

/// Returns the body of a form with `file`, named `a.csv`.
pub fn with_file(file: impl AsRef<[u8]>) -> Vec<u8> {
    let head = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
    [&head[..], file.as_ref(), b"\r\n--x--\r\n"].concat()
}
