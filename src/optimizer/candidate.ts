import type { Engine } from './engine.ts'

/** Weights a solver proposes, and the multipliers that prove them optimal: see certificate.ts. */
export type Candidate = {
  readonly weights: Float64Array
  /** One per row of the core, in units of the objective: positive prices a lower limit, negative an upper one. */
  readonly rowPrices: Float64Array
  /** Probability given to each scenario by the worst tail. */
  readonly tail?: Float64Array
  /** Price of the CVaR limit, where CVaR is a limit and not the objective. */
  readonly cvarPrice?: number
}

/** One way to solve a problem; undefined when the solver found no optimum that way. */
export type Attempt = { readonly form: string; readonly run: (engine: Engine) => Candidate | undefined }
