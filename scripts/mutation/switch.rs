
#[doc(hidden)]
#[allow(missing_docs)]
pub mod mutants {
    //! Runs the mutant whose number is in the variable `MUTANT`. If there is `MUTANTS_REACHED`, runs none, and writes the numbers of all
    //! mutants that the process reaches. They go to a file in that directory, which is named after the test that nextest runs.

    use std::fs::{File, OpenOptions, read};
    use std::io::Write as _;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    enum Mode {
        Off,
        One(usize),
        Record(File),
    }

    static MODE: OnceLock<Mode> = OnceLock::new();
    static REACHED: [AtomicBool; 8192] = [const { AtomicBool::new(false) }; 8192];

    pub fn is(number: usize) -> bool {
        match MODE.get_or_init(mode) {
            Mode::Off => false,
            Mode::One(chosen) => *chosen == number,
            Mode::Record(file) => {
                if !REACHED[number].swap(true, Ordering::Relaxed) {
                    let mut file: &File = file;
                    let _ = file.write_all(format!("{number}\n").as_bytes());
                }
                false
            }
        }
    }

    /// Reads the variables of this process or of its nearest ancestor that has them: tests start functions with other variables.
    fn mode() -> Mode {
        let mut process = "self".to_owned();
        loop {
            let environment = read(format!("/proc/{process}/environ")).unwrap_or_default();
            let value = |name: &str| {
                let mut variables = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy);
                variables.find_map(|one| one.strip_prefix(&format!("{name}="))?.to_owned().into())
            };
            if let Some(number) = value("MUTANT") {
                return number.parse().map_or(Mode::Off, Mode::One);
            }
            if let Some(directory) = value("MUTANTS_REACHED") {
                let test = value("NEXTEST_TEST_NAME").unwrap_or_default();
                let program = value("NEXTEST_BINARY_ID").unwrap_or_default();
                let name = format!("{program} {test}").replace('/', "|");
                let file = OpenOptions::new().append(true).create(true).open(format!("{directory}/{name}"));
                return file.map_or(Mode::Off, Mode::Record);
            }
            let status = read(format!("/proc/{process}/status")).unwrap_or_default();
            let status = String::from_utf8_lossy(&status).into_owned();
            match status.lines().find_map(|line| line.strip_prefix("PPid:")).map(str::trim) {
                Some(parent) if parent != "0" => parent.clone_into(&mut process),
                _ => return Mode::Off,
            }
        }
    }
}
