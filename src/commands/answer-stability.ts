import type { BacktestDocument } from '../backtest/output.ts'
import { type Choice, type Stability, stability } from '../backtest/reasoning.ts'
import type { Reply } from '../decision/policy.ts'
import type { IsoDate } from '../units.ts'

/** On so many dates a question is repeated: enough to see whether answers agree, at a cost that one can foresee. */
const datesMost = 20

/** How often a question is put, and on which dates. */
export type Repetition = { readonly calls: number; readonly dates: ReadonlySet<IsoDate> }

export type AnswerStability = {
  readonly calls: number
  /** Dates on which at least two answers came. */
  readonly dates: number
  /** Mean over the dates; null without any. */
  readonly agreement: number | null
  readonly byDate: readonly ({ readonly date: IsoDate } & Stability)[]
}

/** @param sessions all on which the model is asked; up to 20 of them, evenly spread, are taken, the first and the last included */
export function repetitionOn(sessions: readonly IsoDate[], calls: number): Repetition {
  const count = Math.min(datesMost, sessions.length)
  const places = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * (sessions.length - 1)) / (count - 1)),
  )
  return { calls, dates: new Set(places.map((place) => sessions[place]!)) }
}

/** What the repeated answers have in common; a call without an answer is no answer, and is left out. */
export function stabilityOf(calls: number, answers: ReadonlyMap<IsoDate, readonly Reply[]>): AnswerStability {
  const byDate = [...answers].flatMap(([date, replies]) => {
    const choices = replies.flatMap((reply): (readonly Choice[])[] => (reply.kind === 'answer' ? [reply.actions] : []))
    return choices.length < 2 ? [] : [{ date, ...stability(choices) }]
  })
  const agreements = byDate.map(({ agreement }) => agreement!)
  return {
    calls,
    dates: byDate.length,
    agreement: agreements.length === 0 ? null : agreements.reduce((sum, one) => sum + one, 0) / agreements.length,
    byDate,
  }
}

/** The document with the stability and a sentence on it, which every rendering shows. */
export function withStability(document: BacktestDocument, found: AnswerStability | null) {
  if (found === null) return document
  const { calls, dates, agreement } = found
  const said =
    agreement === null
      ? `Asked ${calls} times, the model gave two answers on no date, so their agreement is not known.`
      : `Asked ${calls} times on each of ${dates} dates, the model's answers share ${(agreement * 100).toFixed(0)} % of what either chose, on average; sizes and words aside.`
  return { ...document, stability: found, notes: [...document.notes, said] }
}
