import type { z } from 'zod'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { InputError } from './errors.ts'
import type { JobRun, QueueName } from './job-run.ts'
import { lastDue, type Schedule } from './schedule.ts'
import type { Instant, IsoDate } from './units.ts'

export type { JobRun, QueueName }

/** What a run came to; `again` is the system time from which it is worth running once more. Nothing to do is an outcome like any other: a holiday, a step done before. */
export type JobOutcome =
  | {
      readonly kind: 'done'
      readonly did: string
      readonly again?: Instant
      /** Runs to put into their queues, once more where they are through already: work that many workers share. */
      readonly spread?: readonly JobRun[]
    }
  | { readonly kind: 'nothing'; readonly because: string; readonly again?: Instant }

/** What a schedule owes at a moment: nothing on a holiday, nothing more once the journal has it, else the run itself. */
export type Owed = 'not-due' | 'done' | 'missed'

/** What `primer run JOB` was given. */
export type HandOptions = {
  readonly book: string
  readonly date?: IsoDate
  readonly at?: Instant
  /** A file of history to take texts from, in place of the configured sources. */
  readonly items?: string
  /** Who reads texts; the model where there is one, unless given. */
  readonly extractor?: 'model' | 'baseline'
  /** At most so many texts. */
  readonly limit?: number
  /** How often a model is asked about each text. */
  readonly repeat?: number
}
/** `book` is where the entries of the run lie, when that is not the book of the options. */
export type ByHand = { readonly date: IsoDate; readonly outcome: JobOutcome; readonly book?: string }

type Definition<P> = {
  readonly name: string
  /** One line for the help. */
  readonly summary: string
  readonly queue: QueueName
  readonly schedule: readonly Schedule[] | ((config: Config) => readonly Schedule[])
  readonly payload: z.ZodType<P>
  /** One payload for each run that the schedule starts, such as one per book. */
  readonly payloads: (firedAt: Instant, config: Config) => readonly P[]
  /** What makes a run unique beside the job's name; its due moment unless given. */
  readonly identity?: (payload: P, firedAt: Instant) => string
  /** Jobs of the same payload that must be through first, whichever schedule started them. */
  readonly after?: readonly Job[]
  /** Whether it may render posts, which are then sent at once rather than at the publisher's next turn. */
  readonly posts?: boolean
  /** Whether it works on the world of now, so that it has no part in days that are played back. */
  readonly live?: boolean
  /** Whether a run that was due still has to be made up for. A job without this is not: its next run does its work. */
  readonly owed?: (ctx: Context, payload: P, firedAt: Instant) => Promise<Owed>
  /** Three paragraphs: gather, compute, record. Safe to run twice. */
  readonly run: (ctx: Context, payload: P, firedAt: Instant) => Promise<JobOutcome>
  /** The same in the foreground, with what a person names; without it a run is taken to fire now. */
  readonly byHand?: (ctx: Context, options: HandOptions) => Promise<ByHand>
}

/** A job with its payload's type hidden behind the schema, so that jobs of all kinds stand in one list. */
export type Job = {
  readonly name: string
  readonly summary: string
  readonly queue: QueueName
  readonly posts: boolean
  readonly live: boolean
  readonly schedule: (config: Config) => readonly Schedule[]
  /** The runs that are due when a schedule fires. */
  readonly runs: (firedAt: Instant, config: Config) => readonly JobRun[]
  /** One run for a payload; throws InputError for a wrong one. */
  readonly runOf: (payload: unknown, firedAt: Instant) => JobRun
  readonly makesUp: boolean
  readonly owed: (ctx: Context, payload: unknown, firedAt: Instant) => Promise<Owed>
  readonly run: (ctx: Context, payload: unknown, firedAt: Instant) => Promise<JobOutcome>
  readonly byHand: (ctx: Context, options: HandOptions) => Promise<ByHand>
}

/** A job from its definition; payloads are checked wherever they come in. */
export function defineJob<P>(definition: Definition<P>): Job {
  const { name, queue, schedule, after = [] } = definition
  const parse = (payload: unknown): P => {
    const parsed = definition.payload.safeParse(payload)
    if (parsed.success) return parsed.data
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
    throw new InputError(
      `the payload of the job ${name} is wrong: ${faults.join('; ')}; it was not written by this version`,
    )
  }
  const runOf = (payload: unknown, firedAt: Instant): JobRun => {
    const own = parse(payload)
    const identity = definition.identity?.(own, firedAt) ?? stamp(firedAt)
    return {
      id: `${name}-${identity}`,
      job: name,
      queue,
      payload: own,
      firedAt,
      after: after.map((before) => before.runOf(own, firedAt)),
    }
  }
  return {
    name,
    queue,
    summary: definition.summary,
    posts: definition.posts === true,
    live: definition.live === true,
    schedule: (config) => (typeof schedule === 'function' ? schedule(config) : schedule),
    runs: (firedAt, config) => definition.payloads(firedAt, config).map((payload) => runOf(payload, firedAt)),
    runOf,
    makesUp: definition.owed !== undefined,
    owed: async (ctx, payload, firedAt) => definition.owed?.(ctx, parse(payload), firedAt) ?? 'done',
    run: async (ctx, payload, firedAt) => definition.run(ctx, parse(payload), firedAt),
    byHand: definition.byHand ?? ((ctx, options) => atOnce(ctx, options)),
  }

  async function atOnce(ctx: Context, options: HandOptions): Promise<ByHand> {
    const firedAt = options.at ?? new Date().toISOString()
    let outcome: JobOutcome = { kind: 'nothing', because: 'the schedule starts nothing at this moment' }
    for (const payload of definition.payloads(firedAt, ctx.config)) {
      outcome = await definition.run(ctx, payload, firedAt)
    }
    return { date: firedAt.slice(0, 10), outcome }
  }
}

/** A moment as part of an id: the queue takes no colon. Example: stamp('2026-11-20T21:20:00.000Z') -> '20261120T212000Z' */
export function stamp(moment: Instant): string {
  return moment.replace(/[-:]|\.\d+/g, '')
}

/** How many due moments to look back over holidays for the last that owed anything. */
const mostLookedBack = 12

/** The runs that were due last and are not in the journal, oldest schedule first: what a stopped service has to make up for. */
export async function owedRuns(ctx: Context, job: Job, now: Instant): Promise<readonly JobRun[]> {
  if (!job.makesUp) return []
  const owed = new Map<string, JobRun>()
  for (const schedule of job.schedule(ctx.config)) {
    const settled = new Set<string>()
    let moment = lastDue(schedule, now)
    for (let back = 0; back < mostLookedBack; back++) {
      for (const run of job.runs(moment, ctx.config)) {
        const whose = JSON.stringify((run.payload as { book?: string }).book ?? null)
        if (settled.has(whose)) continue
        const state = await job.owed(ctx, run.payload, moment)
        if (state !== 'not-due') settled.add(whose)
        if (state === 'missed') owed.set(run.id, run)
      }
      if (settled.size > 0 && settled.size >= job.runs(moment, ctx.config).length) break
      moment = lastDue(schedule, new Date(Date.parse(moment) - 1).toISOString())
    }
  }
  return [...owed.values()]
}
