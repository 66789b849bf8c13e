//! The numbers of a tensor, as the kernels take them.

use candle_core::{CpuStorage, Layout, Result, Storage, StorageRef, bail};

/// The values of a contiguous f32 tensor.
pub(super) fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a block needs contiguous tensors"),
    }
}

/// The values of a contiguous f32 tensor that lies on the CPU.
pub(super) fn cpu_values<'a>(
    (storage, layout): &'a (StorageRef<'_>, &Layout),
) -> Result<&'a [f32]> {
    match &**storage {
        Storage::Cpu(storage) => values(storage, layout),
        _ => bail!("a block needs tensors on the CPU"),
    }
}
