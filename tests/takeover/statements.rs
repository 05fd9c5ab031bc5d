use std::path::Path;

/// Returns the statements that sqlx checks in these folders.
pub fn statements(folders: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let code = |folder: &&str| {
        let mut text = String::new();
        read(&root.join(folder), &mut text);
        flat(&text.replace("\\\n", " ").replace("\\\"", "\""))
    };
    let ours: String = folders.iter().map(code).collect();
    let prepared = std::fs::read_dir(root.join(".sqlx")).unwrap().map(|file| {
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
        file["query"].as_str().unwrap().to_owned()
    });
    prepared.filter(|sql| ours.contains(&flat(sql))).collect()
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn read(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            read(&entry, text);
        } else if entry.extension().is_some_and(|kind| kind == "rs" || kind == "sql") {
            text.push_str(&std::fs::read_to_string(entry).unwrap());
        }
    }
}
