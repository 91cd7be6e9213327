/** Sparse columns: entries `starts[j]` to `starts[j + 1]` of `indices` and `values` are column j. */
export type SparseColumns = {
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array
}

/**
 * Minimize cost'x + x'Hx/2 over rowLower <= Ax <= rowUpper, lower <= x <= upper.
 * No bound is plus or minus Infinity. `hessian` is the lower triangle of H by columns, diagonal first.
 */
export type LinearModel = {
  readonly cost: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly rowLower: Float64Array
  readonly rowUpper: Float64Array
  readonly matrix: SparseColumns
  readonly hessian?: SparseColumns
}

export type EngineStatus = 'optimal' | 'infeasible' | 'unbounded' | 'unbounded-or-infeasible' | 'failed'

/** `rowDuals` are d objective / d row bound. Both arrays are empty unless `status` is optimal. */
export type EngineAnswer = {
  readonly status: EngineStatus
  readonly columns: Float64Array
  readonly rowDuals: Float64Array
}

/** Where every column and row stands before the first step: 0 at its lower bound, 1 in the basis, 2 at its upper bound. */
export type StartingBasis = { readonly columns: Int32Array; readonly rows: Int32Array }

export type EngineOptions = {
  readonly presolve: boolean
  /** A guess of the optimal basis. A wrong guess, even one that is no basis at all, only costs time. */
  readonly start?: StartingBasis
  /** Whether the solver may rescale rows and columns; it need not where the model is scaled already. Default true. */
  readonly scaling?: boolean
  /** Added to the diagonal of the Hessian by the solver. Zero is exact; a little helps where the Hessian is singular. */
  readonly regularization?: number
  /** Called with each optimal answer; a returned change of one cost is made and the model solved again, warm. */
  readonly again?: (answer: EngineAnswer) => { readonly column: number; readonly cost: number } | undefined
}

/** Whatever solves a `LinearModel`: HiGHS in this house. Both throw when the time is up. */
export type Engine = {
  readonly run: (model: LinearModel, options: EngineOptions) => EngineAnswer
  /** For long work outside the engine. */
  readonly checkTime: () => void
}

/** Collects entries column by column into sparse arrays that grow as needed. */
export class ColumnWriter {
  #starts: number[] = [0]
  #indices: Int32Array
  #values: Float64Array
  #length = 0

  constructor(capacity: number) {
    this.#indices = new Int32Array(capacity)
    this.#values = new Float64Array(capacity)
  }

  entry(index: number, value: number): void {
    if (value === 0) return
    if (this.#length === this.#values.length) this.#grow()
    this.#indices[this.#length] = index
    this.#values[this.#length] = value
    this.#length += 1
  }

  /** Entries 0..count-1 of a column, `from` being the place of the first in `values`. Zeros are left out. */
  dense(values: Float64Array, from: number, count: number, factor: number): void {
    while (this.#values.length - this.#length < count) this.#grow()
    let length = this.#length
    for (let i = 0; i < count; i += 1) {
      const value = values[from + i]!
      if (value === 0) continue
      this.#indices[length] = i
      this.#values[length] = value * factor
      length += 1
    }
    this.#length = length
  }

  endColumn(): void {
    this.#starts.push(this.#length)
  }

  finish(): SparseColumns {
    return {
      starts: Int32Array.from(this.#starts),
      indices: this.#indices.subarray(0, this.#length),
      values: this.#values.subarray(0, this.#length),
    }
  }

  #grow(): void {
    const size = Math.max(64, this.#values.length * 2)
    const indices = new Int32Array(size)
    const values = new Float64Array(size)
    indices.set(this.#indices)
    values.set(this.#values)
    this.#indices = indices
    this.#values = values
  }
}
