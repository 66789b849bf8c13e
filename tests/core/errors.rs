//! Every kind of error, raised once.

use std::collections::BTreeSet;
use std::io;

use candle_core::{DType, Device, Tensor};
use fer_core::{
    Classifier, EmotionNet, Error, ErrorKind, Image, ImageView, Model, ModelConfig, PixelFormat,
    Priors, WeightStorage, chain,
};

use crate::{noisy_weights, small_config, small_model};

fn raised() -> Vec<(ErrorKind, &'static str, Error)> {
    let folder = tempfile::tempdir().unwrap();
    let mut bomb = b"P5 30000 30000 255\n".to_vec();
    bomb.push(0);
    let model = small_model().to_bytes(WeightStorage::F32).unwrap();
    let net = EmotionNet::new(
        &small_config(),
        &noisy_weights(&small_config()),
        &Device::Cpu,
    )
    .unwrap();
    let flat = Tensor::zeros(7, DType::F32, &Device::Cpu).unwrap();
    let open = |path: &str| Image::open(folder.path().join(path)).unwrap_err();
    vec![
        (ErrorKind::NotFound, "not_found", open("absent.jpg")),
        (ErrorKind::Io, "io", open("")),
        (
            // The tests may run as a user who may read everything.
            ErrorKind::PermissionDenied,
            "permission_denied",
            io::Error::from(io::ErrorKind::PermissionDenied).into(),
        ),
        (
            ErrorKind::InvalidArgument,
            "invalid_argument",
            "1,2,3".parse::<Priors>().unwrap_err(),
        ),
        (
            ErrorKind::InvalidImage,
            "invalid_image",
            ImageView::new(&[], 0, 0, PixelFormat::Gray8).unwrap_err(),
        ),
        (
            ErrorKind::UnsupportedImage,
            "unsupported_image",
            Image::decode(b"words").unwrap_err(),
        ),
        (
            ErrorKind::CorruptImage,
            "corrupt_image",
            Image::decode(b"\x89PNG\r\n\x1a\n").unwrap_err(),
        ),
        (
            ErrorKind::ImageTooLarge,
            "image_too_large",
            Image::decode(&bomb).unwrap_err(),
        ),
        (
            ErrorKind::InvalidConfig,
            "invalid_config",
            ModelConfig {
                channels: vec![],
                ..small_config()
            }
            .validate()
            .unwrap_err(),
        ),
        (
            ErrorKind::InvalidModel,
            "invalid_model",
            Model::from_bytes(b"words").unwrap_err(),
        ),
        (
            ErrorKind::CorruptModel,
            "corrupt_model",
            Model::from_bytes(&model[..model.len() - 1]).unwrap_err(),
        ),
        (
            ErrorKind::UnknownModel,
            "unknown_model",
            Classifier::named("best").unwrap_err(),
        ),
        (
            ErrorKind::Compute,
            "compute",
            net.forward(&flat).unwrap_err(),
        ),
    ]
}

#[test]
fn every_kind_has_its_stable_name_and_a_message() {
    let raised = raised();
    for (kind, name, error) in &raised {
        assert_eq!(error.kind(), *kind, "{error}");
        assert_eq!(kind.as_str(), *name);
        let json = serde_json::to_value(error).unwrap();
        assert_eq!(json["kind"], *name);
        assert_eq!(json["message"], chain(error));
        assert!(chain(error).len() > 10, "{error}");
    }
    let names: BTreeSet<_> = raised.iter().map(|(_, name, _)| name).collect();
    assert_eq!(names.len(), raised.len());
}

#[test]
fn causes_can_be_reached() {
    let error = Image::open("absent.jpg").unwrap_err();
    let mut causes =
        std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    assert!(causes.any(|cause| cause.is::<io::Error>()));
}
