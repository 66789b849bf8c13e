//! Max-pooling whose gradient is right, of Candle's own operations.

use candle_core::{Result, Tensor};

/// 2x2 max-pool with stride 2 of `[N, H, W, C]`, an odd last row or column dropped: `[N, H / 2, W / 2, C]`, on any device and in
/// any float type.
///
/// The first maximum of each window, row by row, receives the whole gradient. Candle 0.11.1's `max_pool2d` must not be trained
/// with: it scales the gradient by the share of the window that is the maximum, hence to a quarter.
///
/// # Errors
/// If the tensor does not have four dimensions, or fewer than two rows or columns.
///
/// ```
/// use candle_core::{Device, Tensor, Var};
///
/// let x = Var::from_tensor(&Tensor::new(&[[[[1f64], [2.0]], [[3.0], [4.0]]]], &Device::Cpu)?)?;
/// let y = fer_kernels::candle::max_pool2x2(&x)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f64>()?, [4.0]);
/// let gradients = y.backward()?;
/// let gradient = gradients.get(&x).map(Tensor::flatten_all).transpose()?;
/// assert_eq!(gradient.map(|g| g.to_vec1::<f64>()).transpose()?, Some(vec![0.0, 0.0, 0.0, 1.0]));
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn max_pool2x2(x: &Tensor) -> Result<Tensor> {
    let (n, height, width, c) = x.dims4()?;
    let (h, w) = (height / 2, width / 2);
    if h == 0 || w == 0 {
        candle_core::bail!("cannot pool a map of {height}x{width}, expected at least 2x2");
    }
    let windows = x
        .narrow(1, 0, 2 * h)?
        .narrow(2, 0, 2 * w)?
        .reshape((n, h, 2, w, 2, c))?;
    let corner = |y: usize, x: usize| {
        windows
            .narrow(2, y, 1)?
            .narrow(4, x, 1)?
            .reshape((n, h, w, c))
    };
    let upper = first_larger(&corner(0, 0)?, &corner(0, 1)?)?;
    let lower = first_larger(&corner(1, 0)?, &corner(1, 1)?)?;
    first_larger(&upper, &lower)
}

/// The larger of two values; where they are equal, the first, which also receives the gradient.
fn first_larger(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    first.ge(second)?.where_cond(first, second)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;
    use crate::testing::oracle::{self, Dims, noise, widen};

    #[test]
    fn values_and_gradients_agree_with_the_oracle() {
        for (images, height, width, channels) in [(2, 4, 6, 3), (1, 5, 7, 16), (3, 2, 3, 1)] {
            let dims = Dims {
                images,
                height,
                width,
                channels,
            };
            // Rounded, so that ties are many.
            let mut values = widen(&noise(dims.len(), 1));
            values.iter_mut().for_each(|v| *v = (2.0 * *v).round());
            let x = Tensor::from_slice(&values, (images, height, width, channels), &Device::Cpu);
            let x = Var::from_tensor(&x.unwrap()).unwrap();
            let y = max_pool2x2(&x).unwrap();
            assert_eq!(
                y.dims(),
                [images, height / 2, width / 2, channels],
                "{dims:?}"
            );
            let found = y.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert_eq!(found, oracle::max_pool(dims, &values), "{dims:?}");

            let weights = widen(&noise(y.elem_count(), 2));
            let weighted = Tensor::from_slice(&weights, y.shape(), &Device::Cpu).unwrap();
            let gradients = (y * weighted).unwrap().sum_all().unwrap().backward();
            let found = gradients.unwrap().remove(&x).unwrap();
            let found = found.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let truth = oracle::max_pool_backward(dims, &values, &weights);
            assert_eq!(found, truth, "{dims:?}");
        }
    }

    #[test]
    fn maps_that_are_too_small_are_an_error() {
        let x = Tensor::zeros((1, 1, 4, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(max_pool2x2(&x).is_err());
    }

    /// When this fails, Candle has fixed its gradient and [`max_pool2x2`] can be removed.
    #[test]
    fn the_gradient_of_candles_own_pooling_is_still_wrong() {
        let x = Tensor::new(&[[[[1f64, 2.0], [3.0, 4.0]]]], &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let gradients = x.max_pool2d(2).unwrap().backward().unwrap();
        let gradient = gradients.get(&x).unwrap().flatten_all().unwrap();
        assert_eq!(gradient.to_vec1::<f64>().unwrap(), [0.0, 0.0, 0.0, 0.25]);
    }
}
