//! No code: only the features of dependencies that all members of the workspace share.
