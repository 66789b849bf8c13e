/** An apparent expression: how a face looks, not what a person feels. */
export type Emotion = "happy" | "sad" | "neutral" | "surprise";

/** One number for each emotion. */
export type PerEmotion = Record<Emotion, number>;

/** Left edge, top edge, width and height, in pixels of the image. */
export type FaceBox = [x: number, y: number, width: number, height: number];

export interface Face {
  /** Where the face is; `null` if the whole image was taken as the face. */
  box: FaceBox | null;
  /** The finder's score, 2 and above; `null` if it was not asked. */
  score: number | null;
  /** Tilt of the head, clockwise in degrees; `null` for a whole image. */
  roll: number | null;
  /** The most probable emotion. */
  emotion: Emotion;
  /** Its probability, in [0, 1]. */
  confidence: number;
  /** Probabilities; they sum to 1. */
  probabilities: PerEmotion;
  /** The share of people who would see another expression, or none; `null` for a model that does not estimate it. */
  other: number | null;
  /** The conformal p-value of each label, in (0, 1]. */
  p_values: PerEmotion;
  /** The labels that cannot be ruled out at an error rate of 10 %, the most probable first; it can be empty. */
  label_set: Emotion[];
  /** `true` if so many people would see another expression that `emotion` should not be relied on. */
  shows_other: boolean;
  /** `true` if `shows_other`, or unless `label_set` holds `emotion` and nothing else. */
  uncertain: boolean;
}

export interface TrackedFace extends Face {
  /** Number of the person in this stream, from 0 in the order of appearance. */
  person: number;
  /** The person's probabilities, smoothed over time. */
  smoothed: PerEmotion;
}

export interface Analysis<F extends Face = Face> {
  /** Size of the image in whose pixels boxes are given. */
  width: number;
  height: number;
  /** The largest face first; in a stream, in the order of people. */
  faces: F[];
}

/** The names of the models that come with the package, the default first. */
export type ModelName = "crowd" | "folder";
export const MODELS: readonly ModelName[];

/** Where a file comes from. */
export type Source = URL | Blob | ArrayBuffer | ArrayBufferView;

export interface AnalyzerOptions {
  /** `"crowd"` (the default), `"folder"`, or a model file of `fer train`. */
  model?: ModelName | Source;
  /** The module, where fer.wasm does not lie beside index.js. */
  wasm?: Source | WebAssembly.Module;
  /** `"auto"` (the default): small, square images are faces already; `"find"`: always search; `"whole"`: never. */
  faces?: "auto" | "find" | "whole";
  /** Side of the smallest face to find, in pixels; 24 in images up to 0.9 megapixels, more in larger ones. */
  minFace?: number;
  /** Side of the largest face to find, in pixels. */
  maxFace?: number;
  /** Faces that score less are dropped; 2 by default. */
  minScore?: number;
  /** Only so many of the best faces are kept. */
  maxFaces?: number;
  /** `"natural"` (the default), `"uniform"`, or `"h,s,n,s"`: the mix of emotions under which probabilities are given. */
  priors?: string;
}

/** Times are in seconds. */
export interface StreamOptions {
  /** Every part of the frame is searched at least this often: a new face is found within this time; 0.5. */
  searchInterval?: number;
  /** A person away for longer is a new person afterwards; 1. */
  maxGap?: number;
  /** Time constant of the smoothing; 0.3. */
  smoothing?: number;
  /** The least overlap of a person's boxes in successive frames; 0.2. */
  minOverlap?: number;
}

/** What has pixels. A `Blob` is an image file; cross-origin images need CORS, as on any canvas. */
export type ImageSource =
  | Blob
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement
  | ImageBitmap
  | VideoFrame;

/** The stable class of an error, as in the Python package and the command. */
export type ErrorKind =
  | "not_found"
  | "permission_denied"
  | "io"
  | "invalid_argument"
  | "invalid_image"
  | "unsupported_image"
  | "corrupt_image"
  | "image_too_large"
  | "detector"
  | "invalid_model"
  | "corrupt_model"
  | "unknown_model"
  | "compute";

export class FerError extends Error {
  readonly kind: ErrorKind;
}

/** Analyzes on the calling thread. */
export class Analyzer {
  private constructor();
  /** Throws `FerError`, like every method. */
  static create(options?: AnalyzerOptions): Promise<Analyzer>;
  readonly emotions: readonly Emotion[];
  analyze(source: ImageSource): Promise<Analysis>;
  stream(options?: StreamOptions): FaceStream;
  close(): void;
}

/** Follows people through the frames of one video. */
export class FaceStream {
  private constructor();
  /** `time` in seconds increases from frame to frame. */
  push(time: number, source: ImageSource): Promise<Analysis<TrackedFace>>;
  close(): void;
}

/** Analyzes in a worker. An `ImageBitmap` that is passed in is used up. */
export class WorkerAnalyzer {
  private constructor();
  static create(options?: AnalyzerOptions & { worker?: Worker }): Promise<WorkerAnalyzer>;
  readonly emotions: readonly Emotion[];
  analyze(source: ImageSource): Promise<Analysis>;
  stream(options?: StreamOptions): Promise<WorkerStream>;
  close(): void;
}

export class WorkerStream {
  private constructor();
  push(time: number, source: ImageSource): Promise<Analysis<TrackedFace>>;
  close(): Promise<void>;
}
