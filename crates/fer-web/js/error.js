/** An error of fer: `kind` is stable, `message` is for people. */
export class FerError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "FerError";
    this.kind = kind;
  }
}
