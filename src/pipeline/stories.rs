//! The same story from several sources: which of the new posts tell what was announced lately.
//! In: cards about to be announced, their articles, what the store remembers. Out: notes for the store.
//! Noted before the announcement: a crash between the two finds the notes again and adds nothing.

use crate::catalog::Row;
use crate::model::PostId;
use crate::store::{Millis, StoryNote};
use crate::topics::story::{Rules, Story};

/// With more stories than this in the window, a burst that waits for an admin, only their numbers are compared:
/// comparing every text with every other would take minutes.
const COMPARED: usize = 5_000;

/// An announced post that later ones are compared with.
struct Told {
    post: PostId,
    at: Millis,
    story: Story,
}

/// What was announced within the window.
#[derive(Default)]
pub struct Stories {
    told: Vec<Told>,
    is_loaded: bool,
}

/// A new post and what it tells.
pub struct Telling<'a> {
    /// The catalog's row.
    pub row: &'a Row,
    /// The article without source line and footer.
    pub text: String,
    /// Which post its file was before.
    pub moved_from: Option<&'a PostId>,
}

impl Stories {
    /// Whether the store's notes were read since the start.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Takes in what the store remembers.
    pub fn load(&mut self, notes: Vec<StoryNote>) {
        let told = notes.into_iter().map(|note| Told {
            story: Story::new(note.key, note.source, &note.title, &note.text),
            post: note.post,
            at: note.at,
        });
        self.told = told.collect();
        self.is_loaded = true;
    }

    /// Compares new posts with those before them, in their order, and remembers them. `is_gone` says whether a post's file
    /// is not there any more.
    pub fn compare(
        &mut self,
        rules: &Rules,
        new: &[Telling<'_>],
        now: Millis,
        is_gone: impl Fn(&PostId) -> bool,
    ) -> Vec<StoryNote> {
        self.told.retain(|told| told.at >= now - rules.window());
        let mut notes = Vec::with_capacity(new.len());
        for Telling {
            row,
            text,
            moved_from,
        } in new
        {
            if self.told.iter().any(|told| told.post == row.id) {
                continue;
            }
            let key = rules.key(&row.path).map(str::to_owned);
            let source = Some(source(row));
            let story = Story::new(key.clone(), source.clone(), &row.title, text);
            let few = self.told.len() <= COMPARED;
            let is_same = |told: &Told| match few {
                true => rules.same(&told.story, &story),
                false => key.is_some() && told.story.key == key,
            };
            let is_copy = |told: &Told| story.is_copy_of(&told.story) && is_gone(&told.post);
            let is_moved = |told: &Told| *moved_from == Some(&told.post);
            let is_twin = |told: &&Told| is_same(told) || is_copy(told) || is_moved(told);
            let twins: Vec<PostId> = self
                .told
                .iter()
                .filter(is_twin)
                .map(|told| told.post.clone())
                .collect();
            notes.push(StoryNote {
                post: row.id.clone(),
                key: key.clone(),
                source,
                title: row.title.clone(),
                text: story.text.clone(),
                moved_from: moved_from.cloned(),
                twins,
                at: now,
            });
            self.told.push(Told {
                post: row.id.clone(),
                at: now,
                story,
            });
        }
        notes
    }
}

/// A site's post has a source by its categories, a reprinted one also by the paper that it names.
fn source(row: &Row) -> String {
    let mut source = row.categories.join("/");
    source.push('|');
    source.push_str(row.source.as_deref().unwrap_or_default());
    source
}
