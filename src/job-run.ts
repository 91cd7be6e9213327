import type { Instant } from './units.ts'

/** Queues by the kind of work: each has workers and a rate of its own, so that a slow channel never delays a decision. */
export const queueNames = ['books', 'catalysts', 'reading', 'posts', 'listening'] as const
export type QueueName = (typeof queueNames)[number]

/** One run of a job, as it lies in the queue. `id` is the same whoever asks for it, so that it runs once. */
export type JobRun = {
  readonly id: string
  readonly job: string
  readonly queue: QueueName
  readonly payload: unknown
  readonly firedAt: Instant
  /** Runs that must be through before this one begins. */
  readonly after: readonly JobRun[]
}
