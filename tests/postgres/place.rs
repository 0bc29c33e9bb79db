//! A directory that goes away with the process that made it.

use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::{
        fs::{DirBuilderExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// A directory, and the account that works in it.
///
/// A small shell process, the guard, waits for the end of its standard input and then removes the directory.
/// This process holds the other end, and so does everything that runs in the directory: a destructor alone would
/// leave the directory behind a process that was killed, and would remove it under a server that is still going down.
/// A directory that [stays](Self::kept) has no guard.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    account: Account,
    guard: Option<Child>,
    /// What the guard waits for; `None` once dropped.
    held: Option<ChildStdin>,
}

impl Place {
    /// A new directory under `parent`.
    pub fn under(parent: &Path) -> Self {
        let path = parent.join(format!("intent-{}", uuid::Uuid::new_v4().simple()));
        let account = Account::find();
        // The guard comes first, so that the directory never exists without it.
        let mut guard = account.shell(include_str!("guard.sh"), &path);
        guard
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut guard = guard.spawn().expect("sh runs");
        let held = guard.stdin.take();
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .expect("a temporary directory can be made");
        let place = Self {
            path,
            account,
            guard: Some(guard),
            held,
        };
        place.hand_over(&place.path);
        place
    }

    /// A directory that stays, made if it is missing. The account must be able to reach it.
    pub fn kept(path: &Path) -> Self {
        let place = Self {
            path: std::path::absolute(path).expect("the directory has a name"),
            account: Account::find(),
            guard: None,
            held: None,
        };
        if !path.exists() {
            if let Some(parent) = place.path.parent() {
                std::fs::create_dir_all(parent).expect("the directory above it can be made");
            }
            let mut directory = DirBuilder::new();
            let made = directory.mode(0o700).create(&place.path);
            made.expect("the directory can be made");
            place.hand_over(&place.path);
        }
        place
    }

    /// A new directory on disk.
    pub fn on_disk() -> Self {
        // What TMPDIR names may be closed to the account that a server of root's runs under.
        match Account::find() {
            Account::Mine => Self::under(&std::env::temp_dir()),
            Account::Other { .. } => Self::under(Path::new("/tmp")),
        }
    }

    /// A new directory in memory, where the system has room for it there, else on disk.
    pub fn in_memory() -> Self {
        const ROOM: u64 = 2 << 30;
        let memory = Path::new("/dev/shm");
        match rustix::fs::statvfs(memory) {
            // On a Mac there is none, and a container has 64 MiB unless told otherwise.
            Ok(it) if it.f_bavail.saturating_mul(it.f_frsize) >= ROOM => Self::under(memory),
            _ => Self::on_disk(),
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The account that works here.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// A handle that keeps the directory for as long as a process has it.
    pub fn hold(&self) -> Stdio {
        use std::os::fd::AsFd;
        let Some(held) = &self.held else {
            return Stdio::null();
        };
        held.as_fd()
            .try_clone_to_owned()
            .expect("a handle can be copied")
            .into()
    }

    /// Writes a file that the account can read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, text).expect("the directory is ours");
        self.hand_over(&path);
        path
    }

    /// Adds to a file that is there.
    pub fn append(&self, name: &str, text: &str) {
        use std::io::Write;
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.path.join(name))
            .expect("the file is there");
        file.write_all(text.as_bytes())
            .expect("the file can be written");
    }

    fn hand_over(&self, path: &Path) {
        if let Account::Other { user, group } = self.account {
            chown(path, Some(user), Some(group)).expect("root gives files away");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.held = None;
        if let Some(guard) = &mut self.guard {
            let _ = guard.wait();
        }
    }
}

/// Who runs a server: Postgres and PgBouncer refuse to run as root.
#[derive(Clone, Debug)]
pub enum Account {
    /// The account that runs the tests.
    Mine,
    /// Where root runs the tests.
    Other {
        /// The user's number.
        user: u32,
        /// The group's number.
        group: u32,
    },
}

impl Account {
    fn find() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Mine;
        }
        let number = |of: &str, name: &str| -> Option<u32> {
            let output = Command::new("id").args([of, name]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| {
                Some(Self::Other {
                    user: number("-u", name)?,
                    group: number("-g", name)?,
                })
            })
            .expect("root runs a server as `postgres` or `nobody`, and has neither account")
    }

    /// A command under this account, out of reach of Ctrl-C, with nothing of our environment but the search path.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Self::Other { user, group } = *self {
            command.uid(user).gid(group);
        }
        command
    }

    /// A shell that runs `script` with `zero` as its `$0`.
    pub fn shell(&self, script: &str, zero: &Path) -> Command {
        let mut command = self.command("/bin/sh");
        command.arg("-c").arg(script).arg(zero);
        command
    }
}
