//! The classifier: the same answer however it is asked.

use fer_core::{
    Classifier, Emotion, ErrorKind, Image, ImageView, Model, PixelFormat, Priors, WeightStorage,
};

use crate::model_file::with_other;
use crate::{noisy_pixels, small_model};

fn classifier() -> Classifier {
    Classifier::from_model(small_model()).unwrap()
}

/// Images of different sizes and formats.
fn images(count: usize) -> Vec<Image> {
    let image = |i: usize| {
        let format = [PixelFormat::Gray8, PixelFormat::Rgb8, PixelFormat::Rgba8][i % 3];
        let (width, height) = (10 + i % 7, 10 + i % 5);
        let data = noisy_pixels(width * height * format.channels() + i).split_off(i);
        Image::new(data, width as u32, height as u32, format).unwrap()
    };
    (0..count).map(image).collect()
}

#[test]
fn a_batch_is_the_same_as_one_by_one_for_any_number_of_threads() {
    let images = images(300);
    let views: Vec<ImageView<'_>> = images.iter().map(Image::view).collect();
    let one_by_one: Vec<_> = views
        .iter()
        .map(|view| classifier().predict(view).unwrap())
        .collect();
    for threads in [0, 1, 2, 3, 8] {
        let classifier = classifier().with_threads(threads);
        assert_eq!(
            classifier.predict_batch(&views).unwrap(),
            one_by_one,
            "{threads} threads"
        );
        assert_eq!(
            classifier.predict(&views[17]).unwrap(),
            one_by_one[17],
            "{threads} threads"
        );
    }
    assert_eq!(classifier().predict_batch(&[]).unwrap(), []);
}

#[test]
fn preprocessed_faces_are_predicted_like_their_views() {
    let classifier = classifier();
    let preprocessing = &classifier.model().preprocessing;
    let images = images(5);
    let mut faces = vec![0; 5 * preprocessing.face_len()];
    for (image, face) in images
        .iter()
        .zip(faces.chunks_mut(preprocessing.face_len()))
    {
        preprocessing.face_bytes(&image.view(), face).unwrap();
    }
    let views: Vec<_> = images.iter().map(Image::view).collect();
    assert_eq!(
        classifier.predict_faces(&faces).unwrap(),
        classifier.predict_batch(&views).unwrap()
    );
    let error = classifier.predict_faces(&faces[1..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn other_expressions_leave_the_four_as_they_are_and_do_not_follow_priors() {
    let (four, five) = (classifier(), Classifier::from_model(with_other()).unwrap());
    let uniform = five.clone().with_priors(Priors::Uniform).unwrap();
    let faces = noisy_pixels(100 * 40);
    assert_eq!(five.logits(&faces).unwrap(), four.logits(&faces).unwrap());
    let predictions = four.predict_faces(&faces).unwrap().into_iter();
    let predictions = predictions.zip(five.predict_faces(&faces).unwrap());
    let uniform = uniform.predict_faces(&faces).unwrap();
    for ((four, five), uniform) in predictions.zip(uniform) {
        assert_eq!(four.probabilities(), five.probabilities());
        assert_eq!(four.other(), None);
        let other = five.other_share().unwrap();
        assert!((0.0..=1.0).contains(&other.share));
        assert_eq!(other.threshold, 0.4);
        assert_eq!(uniform.other_share(), Some(other));
    }
}

#[test]
fn probabilities_sum_to_one_and_follow_logits() {
    let classifier = classifier();
    let calibration = &classifier.model().calibration;
    let faces = noisy_pixels(100 * 4);
    let logits = classifier.logits(&faces).unwrap();
    for (prediction, logits) in classifier.predict_faces(&faces).unwrap().iter().zip(logits) {
        let p = prediction.probabilities();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let ratio = ((logits[0] - logits[1]) / calibration.temperature()).exp();
        assert!((p[0] / p[1] / ratio - 1.0).abs() < 1e-4);
        assert_eq!(prediction.confidence(), p.into_iter().fold(0.0, f32::max));
    }
}

#[test]
fn priors_reweigh_probabilities_and_leave_label_sets() {
    let image = &images(1)[0];
    let natural = classifier().predict(&image.view()).unwrap();
    let mix = classifier().model().class_mix.0;

    let target = [0.7, 0.1, 0.1, 0.1];
    let classifier = classifier().with_priors(Priors::Custom(target)).unwrap();
    let shifted = classifier.predict(&image.view()).unwrap();
    let weighed: Vec<f32> = (0..4)
        .map(|i| natural.probabilities()[i] * target[i] / mix[i])
        .collect();
    let total: f32 = weighed.iter().sum();
    for (found, expected) in shifted.probabilities().iter().zip(weighed) {
        assert!((found - expected / total).abs() < 1e-6);
    }
    assert_eq!(shifted.p_values(), natural.p_values());

    let error = classifier
        .with_priors(Priors::Custom([0.0; 4]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn clones_are_cheap_and_cross_threads() {
    fn is_send_sync<T: Send + Sync + Clone>(_: &T) {}
    let classifier = classifier();
    is_send_sync(&classifier);
    let image = &images(1)[0];
    let expected = classifier.predict(&image.view()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let classifier = classifier.clone();
            scope.spawn(move || assert_eq!(classifier.predict(&image.view()).unwrap(), expected));
        }
    });
    assert!(std::ptr::eq(classifier.model(), classifier.clone().model()));
}

#[test]
fn a_model_file_predicts_like_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    small_model().save(&path, WeightStorage::F32).unwrap();
    let image = &images(1)[0];
    let expected = classifier().predict(&image.view()).unwrap();
    let loaded = Classifier::load(&path).unwrap();
    assert_eq!(loaded.predict(&image.view()).unwrap(), expected);
    let read = Classifier::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(read.predict(&image.view()).unwrap(), expected);
    assert_eq!(Model::find(&path).unwrap(), *loaded.model());
}

#[test]
fn built_in_models_answer_to_their_names_or_are_said_to_be_absent() {
    match Classifier::pretrained() {
        Ok(default) => assert_eq!(
            default.model(),
            Classifier::named(Model::DEFAULT_NAME).unwrap().model()
        ),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::UnknownModel);
            assert!(Model::names().is_empty());
        }
    }
    assert_eq!(
        Classifier::named("best").unwrap_err().kind(),
        ErrorKind::UnknownModel
    );
}

#[test]
fn explanations_are_signed_maps_of_the_input() {
    let classifier = classifier();
    let image = &images(1)[0];
    let predicted = classifier.predict(&image.view()).unwrap().emotion();
    let explanation = classifier.explain(&image.view(), None).unwrap();
    assert_eq!(explanation.emotion(), predicted);
    for emotion in Emotion::ALL {
        let explanation = classifier.explain(&image.view(), Some(emotion)).unwrap();
        assert_eq!(explanation.heat().len(), explanation.size().pow(2));
        let heat = explanation.heat().iter();
        let largest = heat.fold(0.0_f32, |largest, heat| largest.max(heat.abs()));
        assert_eq!(largest, 1.0, "{emotion}");
    }
}

#[test]
fn views_of_a_face_are_judged_together() {
    let classifier = classifier();
    let face_len = classifier.model().preprocessing.face_len();
    let faces = noisy_pixels(5 * face_len);
    let alone = classifier.predict_faces(&faces).unwrap();
    assert_eq!(
        classifier.predict_views(&faces, &[1; 5]).unwrap(),
        alone,
        "single views"
    );
    let joint = classifier.predict_views(&faces, &[1, 3, 1]).unwrap();
    assert_eq!((joint[0], joint[2]), (alone[0], alone[4]));
    let logits = classifier.logits(&faces[face_len..4 * face_len]).unwrap();
    let temperature = classifier.model().calibration.temperature();
    let mean: [f32; 4] =
        std::array::from_fn(|k| logits.iter().map(|l| l[k] / temperature).sum::<f32>() / 3.0);
    let odds = |a: usize, b: usize| joint[1].probabilities()[a] / joint[1].probabilities()[b];
    for k in 1..4 {
        assert!((odds(k, 0).ln() - (mean[k] - mean[0])).abs() < 1e-4);
    }
    // No view's own answer is easier to rule out than by that view.
    for view in &alone[1..4] {
        let answer = view.emotion().index();
        assert!(joint[1].p_values()[answer] >= view.p_values()[answer]);
    }
    assert!(classifier.predict_views(&faces, &[2, 2]).is_err());
}
