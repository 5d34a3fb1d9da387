//! Where trials are kept.

use protocol::results::Run;
use reports::write_page;

use crate::output::folder::Folder;

/// Trials, and whatever they are kept in.
pub(crate) trait Kept {
    /// Those that were made.
    fn runs(&self) -> &[Run];

    /// There will be another.
    fn plan(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    /// It was made.
    fn keep(&mut self, run: &Run) -> anyhow::Result<()>;

    /// Shows what was found so far.
    fn show(&self) {}
}

impl Kept for Folder {
    fn runs(&self) -> &[Run] {
        &self.results().runs
    }

    fn plan(&mut self) -> anyhow::Result<()> {
        self.plan_more(1)
    }

    fn keep(&mut self, run: &Run) -> anyhow::Result<()> {
        self.append(run)
    }

    fn show(&self) {
        // Whether it can be written at all is said at the end.
        let _ = write_page(self.results());
    }
}

/// In memory alone.
impl Kept for Vec<Run> {
    fn runs(&self) -> &[Run] {
        self
    }

    fn keep(&mut self, run: &Run) -> anyhow::Result<()> {
        self.push(run.clone());
        Ok(())
    }
}
