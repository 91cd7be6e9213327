/**
 * The two kinds of failure a user meets. `InputError`: what was given is wrong (exit code 2, nothing changed).
 * `WorldError`: something outside failed after retries (exit code 3, safe to run again). Everything else is our own mistake.
 */
export class InputError extends Error {
  readonly faults: readonly string[]
  /** @param faults one sentence each: what is wrong, where, how to mend it */
  constructor(faults: string | readonly string[], options?: { readonly cause?: unknown }) {
    const list = typeof faults === 'string' ? [faults] : faults
    super(list.join('\n'), options)
    this.name = 'InputError'
    this.faults = list
  }
}

/** A setting, book or flag is wrong. */
export class ConfigError extends InputError {
  override readonly name: string = 'ConfigError'
}

/** The journal cannot be trusted or read: a broken chain, an unreadable body, a newer schema. Exit code 2, nothing changed. */
export class JournalError extends InputError {
  override readonly name: string = 'JournalError'
}

export class WorldError extends Error {
  readonly retryable: boolean
  /**
   * @param message what was tried, what came back, what to do
   * @param options retryable: whether the same call may succeed later
   */
  constructor(message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'WorldError'
    this.retryable = options.retryable
  }
}

export class MarketDataError extends WorldError {
  override readonly name: string = 'MarketDataError'
}

export class ModelError extends WorldError {
  override readonly name: string = 'ModelError'
}

/** Another process wrote to the journal between our reading and our writing. */
export class ConflictError extends WorldError {
  override readonly name: string = 'ConflictError'
  constructor(message: string) {
    super(message, { retryable: true })
  }
}
