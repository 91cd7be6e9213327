import type { Highs, Model, ModelStatusCode } from 'highs'
import { WorldError } from '../errors.ts'
import type {
  Engine,
  EngineAnswer,
  EngineStatus,
  LinearModel,
  SparseColumns,
  StartingBasis,
} from '../optimizer/engine.ts'
import type { Problem } from '../optimizer/problem.ts'
import type { Solution } from '../optimizer/solution.ts'
import { solveWith } from '../optimizer/solve.ts'

export const defaultTimeoutSeconds = 60

export type SolveOptions = {
  /** Gives up with a WorldError after this long, 60 s unless told. */
  readonly timeoutSeconds?: number
  /** The solution of a similar problem, such as yesterday's: see `solveWith`. */
  readonly start?: Solution
}

/**
 * Solves a portfolio problem by HiGHS (WebAssembly, loaded at the first call, one instance per process).
 * The calling thread is blocked while the solver runs: some milliseconds for tens of assets.
 *
 * @throws WorldError when the time is up, or when no answer passes the check
 */
export async function solve(problem: Problem, options: SolveOptions = {}): Promise<Solution> {
  const highs = await openHighs()
  return solveWith(highsEngine(highs, options.timeoutSeconds ?? defaultTimeoutSeconds), problem, options.start)
}

let loading: Promise<Highs> | undefined

/** The shared instance; a failed load is tried again at the next call. */
export function openHighs(): Promise<Highs> {
  loading ??= import('highs').then(
    // The package's types describe its CommonJS face; imported as a module, the loader is the default export itself.
    (module) => (module.default as unknown as () => Promise<Highs>)(),
    (cause: unknown) => {
      loading = undefined
      throw new WorldError('the HiGHS solver could not be loaded; run `npm ci` again', { retryable: false, cause })
    },
  )
  return loading
}

/** An engine whose clock starts now: all its runs together may take `timeoutSeconds`. */
export function highsEngine(highs: Highs, timeoutSeconds: number): Engine {
  const deadline = performance.now() + timeoutSeconds * 1000
  const secondsLeft = (): number => {
    const left = (deadline - performance.now()) / 1000
    if (left <= 0) throw timeIsUp(timeoutSeconds)
    return left
  }
  const runToEnd: Engine['run'] = (model, options) => {
    secondsLeft()
    const native = highs.createModel(modelData(model))
    try {
      native.options.set({
        output_flag: false,
        presolve: options.presolve ? 'on' : 'off',
        simplex_scale_strategy: options.scaling === false ? 0 : 2,
        primal_feasibility_tolerance: 1e-9,
        dual_feasibility_tolerance: 1e-9,
        small_matrix_value: 1e-12,
        // The quadratic solver has been seen to go round in circles; honest runs take a small multiple of the columns.
        qp_iteration_limit: 1000 + 20 * (model.cost.length + model.rowLower.length),
        qp_regularization_value: options.regularization ?? 0,
        time_limit: secondsLeft(),
      })
      if (options.start !== undefined) startFrom(highs, native, options.start)
      for (;;) {
        const status = statusAfterRun(highs, native)
        if (status === highs.constants.modelStatus.timeLimit) throw timeIsUp(timeoutSeconds)
        if (status !== highs.constants.modelStatus.optimal) return { ...nothing, status: statusOf(highs, status) }
        const { colValue, rowDual } = native.getSolution()
        const answer: EngineAnswer = { status: 'optimal', columns: colValue, rowDuals: rowDual }
        const change = options.again?.(answer)
        if (change === undefined) return answer
        secondsLeft()
        native.changeColCost(change.column, change.cost)
      }
    } finally {
      native.dispose()
    }
  }
  const run: Engine['run'] = (model, options) => {
    try {
      return runToEnd(model, options)
    } catch (error) {
      // WebAssembly's own error: its class is not among the types of the language.
      if (!(error instanceof Error && error.name === 'RuntimeError')) throw error
      throw outOfMemory(error)
    }
  }
  return { run, checkTime: () => void secondsLeft() }
}

/** The instance is broken when its memory ends: the next call gets a new one. */
function outOfMemory(cause: Error): WorldError {
  loading = undefined
  const advice = 'most likely the problem does not fit into its memory: give fewer assets or scenarios'
  return new WorldError(`the HiGHS solver broke down (${cause.message}); ${advice}`, { retryable: false, cause })
}

const nothing = { columns: new Float64Array(0), rowDuals: new Float64Array(0) }

function modelData(model: LinearModel): Parameters<Highs['createModel']>[0] {
  const numCols = model.cost.length
  const numRows = model.rowLower.length
  return {
    numCols,
    numRows,
    colCost: model.cost,
    colLower: model.lower,
    colUpper: model.upper,
    rowLower: model.rowLower,
    rowUpper: model.rowUpper,
    matrix: { format: 'csc', numRows, numCols, ...model.matrix },
    ...(model.hessian === undefined ? {} : { hessian: triangular(model.hessian, numCols) }),
  }
}

function triangular(hessian: SparseColumns, dimension: number) {
  return { format: 'triangular', dimension, ...hessian } as const
}

/** HiGHS mends a basis that is singular or incomplete; one it refuses altogether leaves the usual start. */
function startFrom(highs: Highs, native: Model, start: StartingBasis): void {
  try {
    native.setBasis({ colStatus: start.columns, rowStatus: start.rows })
  } catch (error) {
    if (!(error instanceof highs.errors.HighsError)) throw error
  }
}

/** A run that HiGHS gives up on is thrown by the package; to us it is one more status, and another form is tried. */
function statusAfterRun(highs: Highs, native: Model): ModelStatusCode {
  try {
    native.run()
    return native.getModelStatus()
  } catch (error) {
    if (error instanceof highs.errors.HighsError) return highs.constants.modelStatus.solveError
    throw error
  }
}

function statusOf(highs: Highs, status: ModelStatusCode): EngineStatus {
  const { infeasible, unbounded, unboundedOrInfeasible } = highs.constants.modelStatus
  if (status === infeasible) return 'infeasible'
  if (status === unbounded) return 'unbounded'
  return status === unboundedOrInfeasible ? 'unbounded-or-infeasible' : 'failed'
}

function timeIsUp(timeoutSeconds: number): WorldError {
  return new WorldError(
    `HiGHS did not finish within ${timeoutSeconds} s; allow more with --timeout, or give fewer assets or scenarios`,
    { retryable: false },
  )
}
