//! `fer demo`: sample images, and the commands to try on them.

use fer_kit::write_demo;

use crate::args::DemoArgs;
use crate::terminal::{print, quoted};
use crate::{Result, Status};

pub(crate) fn run(args: &DemoArgs) -> Result<Status> {
    let demo = write_demo(&args.dir)?;
    let (photos, faces) = (quoted(&demo.photos), quoted(&demo.faces));
    let (test, run) = (
        quoted(&demo.faces.join("test")),
        quoted(&args.dir.join("run")),
    );
    print(format_args!(
        "wrote {} images to {}; try:\n\n  fer predict {photos}\n  fer train {faces} --out {run} --epochs 20\n  fer evaluate {test} --model {run}\n",
        demo.files,
        args.dir.display()
    ))?;
    Ok(Status::Success)
}
