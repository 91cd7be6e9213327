import { strict as assert } from 'node:assert'
import { z } from 'zod'
import type { Signal } from './signal.ts'

/** How far several answers to the same text agree. */
export const Agreement = z.strictObject({
  answers: z.int().min(2),
  /** Mean over pairs of answers of the share of events that both have, in [0, 1]. */
  events: z.number().min(0).max(1),
  /** Mean sample deviation of direction times confidence over the events that at least two answers have; null without one. */
  spread: z.number().min(0).nullable(),
})
export type Agreement = z.infer<typeof Agreement>

/**
 * Agreement of the answers that a model gave to one question. Two answers have an event in common when asset, kind and the sign
 * of the direction are the same; two answers without any event agree fully (Jaccard index, with 0/0 as 1).
 *
 * Example: [{A governance +}, {A governance +, A listing +}] -> events 1/2
 *
 * @param answers at least two, each the signals that held
 */
export function agreement(answers: readonly (readonly Signal[])[]): Agreement {
  assert(answers.length >= 2, 'agreement is about several answers')
  const scores = answers.map(
    (signals) => new Map(signals.map((signal) => [eventKey(signal), signal.direction * signal.confidence])),
  )
  let sum = 0
  let pairs = 0
  for (const [index, one] of scores.entries()) {
    for (const other of scores.slice(index + 1)) {
      const common = [...one.keys()].filter((key) => other.has(key)).length
      const all = one.size + other.size - common
      sum += all === 0 ? 1 : common / all
      pairs++
    }
  }
  const spreads: number[] = []
  for (const key of new Set(scores.flatMap((found) => [...found.keys()]))) {
    const values = scores.flatMap((found) => found.get(key) ?? [])
    if (values.length >= 2) spreads.push(deviation(values))
  }
  return {
    answers: answers.length,
    events: sum / pairs,
    spread: spreads.length === 0 ? null : spreads.reduce((total, value) => total + value, 0) / spreads.length,
  }
}

function eventKey({ asset, kind, direction }: Signal): string {
  return `${asset}\u0000${kind}\u0000${Math.sign(direction)}`
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}
