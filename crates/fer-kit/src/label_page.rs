//! The page on which people label the faces of a sheet, with the faces cut out of its images.

use std::path::PathBuf;

use fer_insight::{Sheet, label_page};
use fer_report::thumbnail_of;

use crate::sheet_crops::visit_crops;
use crate::{Error, Result};

/// Longest side of a face on the page, in pixels: twice what a screen shows.
const SIDE: u32 = 320;

/// A page of a sheet's faces.
#[derive(Debug)]
#[non_exhaustive]
pub struct LabelPage {
    /// The page.
    pub html: String,
    /// Faces that the page shows.
    pub faces: usize,
    /// Images and videos that could not be read or cut, each once: the page leaves their faces out.
    pub unreadable: Vec<(PathBuf, Error)>,
}

/// Makes the page on which people label the faces of a sheet (see [`fer_insight::label_page`]). Images and videos are
/// found by the paths in the sheet; each face is framed as the model sees it. `stem` begins the names of the files that
/// the page saves.
///
/// # Errors
/// The first image's if none can be read, and those of [`fer_insight::label_page`].
pub fn make_label_page(sheet: &Sheet, stem: &str) -> Result<LabelPage> {
    let mut crops = vec![None; sheet.faces().len()];
    let mut unreadable = visit_crops(sheet, |index, crop| {
        crops[index] = thumbnail_of(crop.view().to_image(), SIDE);
        Ok(())
    })?;
    let shown = crops.iter().flatten().count();
    if shown == 0 && !unreadable.is_empty() {
        return Err(unreadable.swap_remove(0).1);
    }
    Ok(LabelPage {
        html: label_page(sheet, stem, crops)?,
        faces: shown,
        unreadable,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn example(path: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        root.join(path).to_string_lossy().into_owned()
    }

    fn page(rows: &[String]) -> Result<LabelPage> {
        let text = format!("path,face,x,y,width,height,label\n{}\n", rows.join("\n"));
        make_label_page(&Sheet::read(text.as_bytes())?, "sheet")
    }

    #[test]
    fn faces_of_readable_images_are_shown_and_the_others_named_once() {
        let group = example("photos/group.jpg");
        let page = page(&[
            format!("{group},0,10,10,60,60,"),
            "nowhere.jpg,0,,,,,".into(),
            format!("{group},1,100,10,60,60,"),
            "nowhere.jpg,1,,,,,".into(),
            format!("{},0,,,,,", example("photos/happy.jpg")),
            format!("{},0,9000,0,50,50,", example("photos/sad.jpg")),
        ])
        .unwrap();
        assert_eq!(page.faces, 3);
        assert_eq!(page.html.matches("data:image/jpeg;base64,").count(), 3);
        let named: Vec<&Path> = page.unreadable.iter().map(|(path, _)| &**path).collect();
        let sad = example("photos/sad.jpg");
        assert_eq!(named.len(), 2);
        assert!(named.contains(&Path::new("nowhere.jpg")) && named.contains(&Path::new(&sad)));
    }

    #[test]
    fn a_sheet_without_a_readable_image_is_an_error_with_its_path() {
        let error = page(&["nowhere.jpg,0,,,,,".into()]).unwrap_err();
        assert_eq!(error.path(), Some(Path::new("nowhere.jpg")));
        assert!(error.is_not_found(), "{error}");
    }
}
