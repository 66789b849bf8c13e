export { Analyzer, FaceStream } from "./analyzer.js";
export { FerError } from "./error.js";
export { MODELS } from "./files.js";
export { WorkerAnalyzer, WorkerStream } from "./remote.js";
